import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** What each layer may import besides itself and packages. `types` are erased, so they bind nothing. */
const layers: Record<string, { modules: string[]; types?: string[]; packages?: RegExp }> = {
  'src/process': { modules: [], packages: /^(zod|ms)$/ },
  'src/workflows': {
    modules: ['src/process', 'src/temporal/searchAttributes.ts'],
    types: ['src/activities/types.ts'],
    packages: /^@temporalio\/(workflow|common)$/,
  },
  'src/activities': { modules: ['src/process'] },
  'src/links': { modules: ['src/process'] },
  'src/api': {
    modules: [
      'src/process',
      'src/links',
      'src/workflows/searchAttributes.ts',
      'src/temporal/searchAttributes.ts',
    ],
    types: ['src/settings.ts'],
  },
  'src/config': {
    modules: ['src/process', 'src/activities', 'src/links'],
    types: ['src/api/directory.ts'],
  },
  'src/temporal': { modules: [], types: ['src/settings.ts'] },
};

/** The composition roots know everything. */
const roots = ['worker.ts', 'src/main.ts', 'src/api/server.ts', 'src/config/token.ts'];

interface Import {
  from: string;
  to: string;
  isType: boolean;
}

const statement = /^\s*(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gms;

function importsOf(file: string, text: string): Import[] {
  return [...text.matchAll(statement)].map(([, type, to]) => ({
    from: file,
    to: to?.startsWith('.') ? relative(root, resolve(root, dirname(file), to)) : (to ?? ''),
    isType: type !== undefined,
  }));
}

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));

const isWithin = (path: string, places: string[]) =>
  places.some((place) => path === place || path.startsWith(`${place}/`));

function violations(layer: string, imports: Import[]): string[] {
  const { modules, types = [], packages } = layers[layer] ?? { modules: [] };
  return imports
    .filter(({ to, isType }) => {
      if (!to.startsWith('src/')) return packages ? !packages.test(to) : false;
      return !isWithin(to, [layer, ...modules, ...(isType ? types : [])]);
    })
    .map(({ from, to }) => `${from} must not import ${to}`);
}

describe('imports go one way', () => {
  test.each(Object.keys(layers))('%s', (layer) => {
    const files = sources(layer).filter((file) => !roots.includes(file));
    expect(files.length).toBeGreaterThan(0);
    const imports = files.flatMap((file) =>
      importsOf(file, readFileSync(join(root, file), 'utf8')),
    );
    expect(violations(layer, imports)).toEqual([]);
  });

  test('the check finds what it is for', () => {
    const text = `import { x } from '../workflows/run.ts';\nimport type { Y } from 'fastify';\nimport './z.ts';`;
    expect(violations('src/process', importsOf('src/process/a.ts', text))).toEqual([
      'src/process/a.ts must not import src/workflows/run.ts',
      'src/process/a.ts must not import fastify',
    ]);
  });
});
