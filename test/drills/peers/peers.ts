import { bullmqPeer } from './bullmq-peer.ts';
import { emmettPeer } from './emmett-peer.ts';
import { outboxPeer } from './outbox-peer.ts';
import type { Peer } from './peer.ts';
import { pgBossPeer } from './pg-boss-peer.ts';

export const PEERS: readonly Peer[] = [bullmqPeer, emmettPeer, outboxPeer, pgBossPeer];
