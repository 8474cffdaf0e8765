import { writeFileSync } from 'node:fs';
import { jsonSchemaText } from './json-schema.ts';

// `npm run schema`, at the root of the project.
writeFileSync('hotfix.schema.json', jsonSchemaText());
