import { readdirSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { describe, test } from 'vitest';
import { startTemporal } from '../support/temporal.ts';
import { Bed } from '../support/workflows.ts';
import { paths } from './paths.ts';

const recorded = readdirSync(new URL('.', import.meta.url));
const isRecorded = (name: string) => recorded.some((file) => file.includes(`-${name}.`));

/**
 * Records the history of every path that has none: `npm run record`. Only after a change that running
 * incidents are known to survive; what was recorded before stays until no incident of that time can be open.
 */
describe.runIf(process.env.HOTFIX_RECORD)('record', () => {
  test.for(paths)('$name', async ({ name, world, play }, { skip }) => {
    skip(isRecorded(name), 'its recording stays');
    const temporal = await startTemporal();
    const bed = await Bed.at(temporal.server.address);
    const stop = await bed.work(world);
    const { handle } = await play(bed);
    const history = historyToJSON(await handle.fetchHistory());
    const file = new URL(`${process.env.HOTFIX_RECORD}-${name}.json.gz`, import.meta.url);
    writeFileSync(file, gzipSync(history));
    await handle.terminate().catch(() => {});
    await stop();
    await bed.close();
    await temporal.stop();
  });
});
