import { randomUUID } from 'node:crypto';
import { sampleId } from '../../src/dev/samples/sample-id.ts';
import type { RetellSample } from '../../src/dev/samples/retell-samples.ts';
import { retellSample } from '../../src/dev/samples/retell-samples.ts';
import { signWebhook } from '../../src/dev/sign-webhook.ts';

/**
 * Makes HTTP requests, each with the signed webhook of a call of its own that has ended. Only ids and signature differ:
 * a client that composed each body under load would measure itself.
 */
export function createWebhookRequests(options: {
  path: string;
  secret: string;
  sample?: RetellSample;
  /** Padded to this length. */
  bodyBytes?: number;
}): () => Buffer {
  const callId = 'call_00000000000000000000000000000000';
  const sample: RetellSample = { agentId: 'agent_bench', ...options.sample, callId };
  const template = padded(sample, options.bodyBytes ?? 0);
  const legId = sampleId('CA', callId);
  return () => {
    const id = randomUUID().replaceAll('-', '');
    const body = Buffer.from(template.replaceAll(callId, `call_${id}`).replaceAll(legId, `CA_${id.slice(0, 24)}`));
    const headers = {
      ...signWebhook('retell', body, options.secret, Date.now()),
      host: 'bench',
      'content-length': body.length,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.concat([Buffer.from(`POST ${options.path} HTTP/1.1\r\n${lines.join('')}\r\n`), body]);
  };
}

function padded(sample: RetellSample, bodyBytes: number): string {
  const bodyWith = (note: string): string =>
    JSON.stringify(retellSample('call_ended', { ...sample, object: { ...sample.object, metadata: { note } } }));
  return bodyWith('x'.repeat(Math.max(0, bodyBytes - Buffer.byteLength(bodyWith('')))));
}
