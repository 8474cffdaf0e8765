import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import { beginningOf, machineId } from './process-identity.mjs';

const processSchema = z.object({ pid: z.number(), began: z.string().optional() });

const claimSchema = processSchema.extend({ machine: z.string(), startedAt: z.string() });
export type Claim = z.infer<typeof claimSchema>;

const endingSchema = z.object({
  how: z.enum(['exited', 'cancelled', 'timedOut', 'terminated', 'notStarted']),
  code: z.number().nullable(),
  signal: z.string().nullable(),
  /** Whether something of it was left after the grace and was killed. */
  killed: z.boolean(),
  /** Why it was not started: `noDirectory`, `notFound`, `notExecutable` or the system's code. */
  problem: z.string().optional(),
  finishedAt: z.string(),
});
/** How a program ended, as its runner wrote it down. */
export type Ending = z.infer<typeof endingSchema>;

/** A runner of another machine that has not touched its claim for this long is taken to be gone. */
const silence = 30_000;

/** The files by which a runner and the workers that follow it know of each other. */
export class RunDirectory {
  readonly path: string;
  #lastTouch: { mtime: number; seen: number } | undefined;

  constructor(dataDirectory: string, idempotencyKey: string) {
    const name = createHash('sha256').update(idempotencyKey).digest('hex');
    this.path = join(dataDirectory, 'runs', name);
  }

  async create(): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
  }

  claim(): Promise<Claim | undefined> {
    return this.#read('claim.json', claimSchema);
  }

  ending(): Promise<Ending | undefined> {
    return this.#read('exit.json', endingSchema);
  }

  async requestStop(): Promise<void> {
    await writeFile(join(this.path, 'stop'), '', { mode: 0o600 });
  }

  /** Whether the runner that wrote the claim still lives; `now` in milliseconds, of any beginning. */
  async isAlive(claim: Claim, now: number): Promise<boolean> {
    if (claim.machine === machineId()) return isRunning(claim);
    const { mtimeMs } = await stat(join(this.path, 'claim.json'));
    if (this.#lastTouch?.mtime !== mtimeMs) this.#lastTouch = { mtime: mtimeMs, seen: now };
    return now - this.#lastTouch.seen < silence;
  }

  /** The program's process id, where it still runs here although its runner is gone. */
  async survivor(claim: Claim): Promise<number | undefined> {
    if (claim.machine !== machineId()) return undefined;
    const program = await this.#read('program.json', processSchema);
    return program && isRunning(program) ? program.pid : undefined;
  }

  /** The last bytes of what the program has written, as text without terminal codes. */
  async tail(bytes: number): Promise<string> {
    const newer = await lastBytes(join(this.path, 'output.log'), bytes);
    const missing = bytes - newer.length;
    const older =
      missing > 0 ? await lastBytes(join(this.path, 'output.1.log'), missing) : Buffer.alloc(0);
    return stripVTControlCharacters(Buffer.concat([older, newer]).toString('utf8'));
  }

  async #read<S extends z.ZodType>(name: string, schema: S): Promise<z.infer<S> | undefined> {
    try {
      return schema.parse(JSON.parse(await readFile(join(this.path, name), 'utf8')));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
}

const isRunning = ({ pid, began }: z.infer<typeof processSchema>): boolean =>
  began !== undefined && beginningOf(pid) === began;

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && ['ENOENT', 'ENOTDIR'].includes(String(error.code));

async function lastBytes(path: string, bytes: number): Promise<Buffer> {
  let file: FileHandle | undefined;
  try {
    file = await open(path, 'r');
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const { bytesRead } = await file.read({ buffer, position: Math.max(0, size - bytes) });
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (isMissing(error)) return Buffer.alloc(0);
    throw error;
  } finally {
    await file?.close();
  }
}

/** The end of a text that fits into so many bytes, without half a character at its beginning. */
export function endOf(text: string, bytes: number): string {
  const encoded = Buffer.from(text);
  if (encoded.length <= bytes) return text;
  return encoded.subarray(-bytes).toString('utf8').replace(/^�+/, '');
}
