import { readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

export function projectFile(name: string): string {
  return readFileSync(path.join(root, name), 'utf8');
}
