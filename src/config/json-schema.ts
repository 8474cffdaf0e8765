import { z } from 'zod';
import { configSchema } from './schema.ts';

/**
 * What editors check `hotfix.yaml` by, as the text of `hotfix.schema.json`. Draft 7 is what the
 * YAML language server understands best.
 */
export function jsonSchemaText(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7', reused: 'ref' });
  return `${JSON.stringify({ ...schema, title: 'hotfix.yaml' }, null, 2)}\n`;
}
