import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';

const keptSchema = z.object({
  people: z.array(z.string()),
  asOf: z.iso.datetime(),
});

/** An answer of a rota and its time, ISO 8601, UTC. */
export type Kept = z.infer<typeof keptSchema>;

/** Keeps the last good answer of each rota, over restarts. */
export interface OnCallStore {
  /** Undefined where there is none that can be read. */
  read(rota: string): Promise<Kept | undefined>;
  /** Rejects where it cannot be kept. */
  write(rota: string, answer: Kept): Promise<void>;
}

/** A file a rota, in the folder `oncall` of the data directory. */
export function createOnCallStore(dataDirectory: string): OnCallStore {
  const folder = path.join(dataDirectory, 'oncall');
  const fileOf = (rota: string) => path.join(folder, `${rota}.json`);
  return {
    async read(rota) {
      try {
        return keptSchema.parse(JSON.parse(await readFile(fileOf(rota), 'utf8')));
      } catch {
        return undefined;
      }
    },
    async write(rota, answer) {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const draft = path.join(folder, `.${rota}.${randomUUID()}`);
      try {
        await writeFile(draft, JSON.stringify(answer), { mode: 0o600, flush: true });
        // Whoever reads meanwhile has the whole of the old answer or the whole of the new one.
        await rename(draft, fileOf(rota));
      } finally {
        await rm(draft, { force: true });
      }
    },
  };
}
