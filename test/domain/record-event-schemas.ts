/** `npm run record-schemas`: keeps the schema of every new version of an event. What is kept is never written again. */
import { existsSync, writeFileSync } from 'node:fs';
import { format } from 'prettier';
import { currentSchema, EVENT_TYPES, schemaFile } from './event-schema.ts';

for (const type of EVENT_TYPES) {
  const file = schemaFile(type);
  if (existsSync(file)) continue;
  const text = await format(JSON.stringify(currentSchema(type)), { parser: 'json', printWidth: 120 });
  writeFileSync(file, text);
  process.stdout.write(`kept ${file.pathname.split('/').at(-1)}\n`);
}
