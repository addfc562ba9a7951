import { describe, expect, test } from '@jest/globals';
import { mappedTenant } from '../../src/tenants/mapped-tenant.ts';
import type { AccountMapping } from '../../src/tenants/mapped-tenant.ts';

const noon = new Date('2026-03-01T12:00:00Z');
const hour = 3_600_000;

function mapping(externalId: string, tenantId: string, fromHours = -Infinity, toHours = Infinity): AccountMapping {
  return {
    externalId,
    tenantId,
    validFromMs: noon.getTime() + fromHours * hour,
    validToMs: noon.getTime() + toHours * hour,
  };
}

describe('the tenant of a thing', () => {
  test('is that of the first external id that is mapped', () => {
    const mappings = [mapping('agent', 'tnt_b'), mapping('location', 'tnt_a')];
    expect(mappedTenant(mappings, ['unknown', 'location', 'agent'], noon)).toBe('tnt_a');
  });

  test('is nobody when no id is mapped', () => {
    expect(mappedTenant([mapping('agent', 'tnt_a')], ['other'], noon)).toBeUndefined();
  });

  test('is decided by the mapping that began last', () => {
    const mappings = [mapping('agent', 'tnt_old'), mapping('agent', 'tnt_new', -1), mapping('agent', 'tnt_future', 1)];
    expect(mappedTenant(mappings, ['agent'], noon)).toBe('tnt_new');
  });

  test('has a validity that holds its beginning and not its end', () => {
    expect(mappedTenant([mapping('agent', 'tnt_a', 0, 1)], ['agent'], noon)).toBe('tnt_a');
    expect(mappedTenant([mapping('agent', 'tnt_a', -1, 0)], ['agent'], noon)).toBeUndefined();
  });

  test('falls back to the next id where the first is not mapped at that time', () => {
    const mappings = [mapping('agent', 'tnt_a', 1), mapping('location', 'tnt_b')];
    expect(mappedTenant(mappings, ['agent', 'location'], noon)).toBe('tnt_b');
  });
});
