import { randomUUID } from 'node:crypto';
import type { Delivery } from '../deliveries.ts';
import type { PeerWebhook } from './peer.ts';

/** Of things under way at once: what is sent one after the other is about different things. */
const WINDOW = 24;
const STEPS = 3;

/** Without end: things to which something happens three times. */
export function* tellOfThings(): Generator<Delivery, never> {
  const window = Array.from({ length: WINDOW }, () => ({ thing: randomUUID(), step: 0 }));
  for (let turn = 0; ; turn += 1) {
    const place = turn % WINDOW;
    const last = window[place];
    const next =
      last === undefined || last.step === STEPS ? { thing: randomUUID(), step: 1 } : { ...last, step: last.step + 1 };
    window[place] = next;
    const webhook: PeerWebhook = { id: randomUUID(), ...next };
    yield { key: webhook.id, provider: 'stripe', body: Buffer.from(JSON.stringify(webhook)), expected: [] };
  }
}
