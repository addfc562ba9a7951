import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { createAlarmGauges } from '../../src/alarms/alarm-gauges.ts';
import { ALARMS } from '../../src/alarms/find-alarms.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';

const runbook = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

test.each(ALARMS)('the runbook says what to do about %s', (name) => {
  expect(runbook).toContain(`\n| \`${name}\``);
});

test('every metric of our own is in the table of metrics', () => {
  const { registry } = createMetrics({ providers: [] });
  const isOfProcess = /^hookledger_(process|nodejs)_/;
  createAlarmGauges({
    registry,
    read: () => Promise.reject(new Error('not read here')),
    now: () => 0,
    logger: createLogger({ level: 'silent' }),
  });
  const names = registry
    .getMetricsAsArray()
    .map(({ name }) => name)
    .filter((name) => !isOfProcess.test(name));
  expect(names.length).toBeGreaterThan(15);
  expect(names.filter((name) => !runbook.includes(`\`${name}\``))).toEqual([]);
});
