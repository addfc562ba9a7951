import { describe } from '@jest/globals';
import { describeClosedTransport, describeClosing } from './conformance/closing.ts';
import { describeClocks } from './conformance/clocks.ts';
import { describeDyingWorkers } from './conformance/dying-workers.ts';
import { describeHandling } from './conformance/handling.ts';
import { useHarness } from './conformance/harness.ts';
import type { TransportHarness } from './conformance/harness.ts';
import { describeHolding } from './conformance/holding.ts';
import { describePromoting } from './conformance/promoting.ts';
import { describePublishing } from './conformance/publishing.ts';

/** Holds a transport to the contract in `src/transports/transport.ts`; every transport has to pass. */
export function describeTransport(name: string, setUp: () => Promise<TransportHarness>): void {
  describe(name, () => {
    const harness = useHarness(setUp);
    describePublishing(harness);
    describeHandling(harness);
    describePromoting(harness);
    describeHolding(harness);
    describeDyingWorkers(harness);
    describeClocks(harness);
    describeClosing(harness);
    describeClosedTransport(harness);
  });
}
