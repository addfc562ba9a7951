import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { currentSchema, EVENT_TYPES, schemaFile } from './event-schema.ts';

test.each(EVENT_TYPES)('the schema of %s is the one that its version was recorded with', (type) => {
  const file = schemaFile(type);
  if (!existsSync(file)) {
    throw new Error(`${type} has a version that is not kept yet. Run \`npm run record-schemas\`, and commit the file.`);
  }
  try {
    expect(currentSchema(type)).toEqual(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new Error(
      `The schema of ${type} was changed in place, and the log holds events of the old one. Give it the next version and ` +
        'an upcaster in src/domain/events.ts, then run `npm run record-schemas`.',
      { cause },
    );
  }
});
