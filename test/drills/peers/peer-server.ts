/** One process of the small application on a peer: prints a line when it serves or works, and goes on until it is ended. */
import express from 'express';
import type { NextFunction, Request, Response } from 'express';
import { log } from './log.ts';
import type { Peer, PeerUrls, PeerWebhook } from './peer.ts';
import { PEERS } from './peers.ts';

export type PeerServerPlan = PeerUrls &
  Readonly<{ peer: string; role: 'api' | 'worker'; index: number; port: number; effectsUrl: string }>;

const plan = JSON.parse(process.argv[2] ?? '{}') as PeerServerPlan;
const peer = PEERS.find(({ name }) => name === plan.peer);
if (peer === undefined) throw new Error(`There is no peer ${plan.peer}.`);
await (plan.role === 'api' ? serve(peer) : work(peer));
process.stdout.write('ready\n');

async function serve(peer: Peer): Promise<void> {
  const store = await peer.openStore(plan);
  const app = express();
  app.post('/webhooks', express.json(), async (request: Request, response: Response) => {
    await store(request.body as PeerWebhook);
    response.sendStatus(200);
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    log(error);
    response.sendStatus(503);
  });
  await new Promise<void>((resolve) => app.listen(plan.port, '127.0.0.1', () => resolve()));
  process.once('SIGTERM', () => process.exit(0));
}

async function work(peer: Peer): Promise<void> {
  const makeCall = async (webhook: PeerWebhook, order?: number): Promise<void> => {
    const response = await fetch(plan.effectsUrl, {
      method: 'POST',
      body: JSON.stringify({ id: webhook.id, thing: webhook.thing, order, worker: plan.index }),
    });
    if (!response.ok) throw new Error(`The call for ${webhook.id} was answered ${response.status}.`);
  };
  await peer.startWorker(plan, makeCall, (error) => {
    log('ended by itself', error);
    process.exit(1);
  });
}
