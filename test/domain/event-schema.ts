import { z } from 'zod';
import type { EventType } from '../../src/domain/events.ts';
import { catalogue } from '../../src/domain/events.ts';

export const EVENT_TYPES = Object.keys(catalogue).toSorted() as EventType[];

/** Where the schema of a version is kept, for ever. */
export function schemaFile(type: EventType): URL {
  return new URL(`./event-schemas/${type}.v${catalogue[type].version}.json`, import.meta.url);
}

/** As JSON Schema; what only code can say (a refinement) is not in it. */
export function currentSchema(type: EventType): unknown {
  const { data, ...definition } = catalogue[type];
  const personal = 'personal' in definition ? definition.personal : undefined;
  const schemaOf = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  return JSON.parse(
    JSON.stringify({ data: schemaOf(data), ...(personal === undefined ? {} : { personal: schemaOf(personal) }) }),
  );
}
