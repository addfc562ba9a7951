import { installPeers } from '../../bench/install-peers.ts';
import { PEER_DRILLS } from './peer-drills.ts';
import type { PeerDrill } from './peer-drills.ts';
import type { Peer } from './peer.ts';
import { PEERS } from './peers.ts';
import { runPeerDrill } from './run-peer-drill.ts';
import type { PeerResult } from './run-peer-drill.ts';

/** Why these names of peers and drills cannot be run; undefined when they can. */
export function whyNotThese(names: readonly string[]): string | undefined {
  const known = [...PEERS, ...PEER_DRILLS].map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  return unknown === undefined ? undefined : `There is no ${unknown}; there are ${known.join(', ')}.`;
}

/**
 * Every drill that applies on every peer, one after the other, or those of the peers and drills that are named (see
 * `whyNotThese`); prints a table, and with `json` the results as its last line.
 */
export async function runPeers(
  names: readonly string[],
  options: { quick?: boolean | undefined; json?: boolean | undefined },
): Promise<void> {
  const peers = chosenOf(PEERS, names);
  const drills = chosenOf(PEER_DRILLS, names);
  const isQuick = options.quick === true;
  const note = (text: string): void => void process.stderr.write(`  ${text}\n`);
  installPeers(note);
  const results: PeerResult[] = [];
  for (const peer of peers) {
    for (const drill of drills.filter((each) => each.appliesTo(peer))) {
      process.stderr.write(`${peer.name} ${peer.version}, ${drill.name}: breaks ${drill.breaks} …\n`);
      results.push(await runPeerDrill(peer, drill, { isQuick, note }));
    }
  }
  const out = options.json === true ? process.stderr : process.stdout;
  for (const line of describe(peers, drills, results)) out.write(`${line}\n`);
  if (options.json === true) process.stdout.write(`${JSON.stringify({ drills: results })}\n`);
}

/** Those that are named, or all when none of them is. */
function chosenOf<T extends { name: string }>(all: readonly T[], names: readonly string[]): readonly T[] {
  const named = all.filter(({ name }) => names.includes(name));
  return named.length === 0 ? all : named;
}

const COLUMNS = ['peer', 'drill', 'sent', 'accepted', 'in flight', 'lost', 'doubled', 'reordered', 'recovery'];

function describe(
  peers: readonly Peer[],
  drills: readonly PeerDrill[],
  results: readonly PeerResult[],
): readonly string[] {
  const rows = peers.flatMap((peer) =>
    drills.map((drill) => {
      const result = results.find((each) => each.peer === peer.name && each.drill === drill.name);
      return [peer.name, drill.name, ...(result === undefined ? ['not applicable'] : cells(result))];
    }),
  );
  const widths = COLUMNS.map((column, place) =>
    Math.max(column.length, ...rows.filter((row) => row.length > 3).map((row) => row[place]?.length ?? 0)),
  );
  return [COLUMNS, ...rows].map((row) =>
    row
      .map((cell, place) => cell.padEnd(widths[place] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function cells(result: PeerResult): string[] {
  const { sent, accepted, inFlight, lost, doubled, reordered, recoverySeconds } = result;
  return [
    ...[sent, accepted, inFlight, lost, doubled].map(String),
    reordered === null ? 'no promise' : String(reordered),
    recoverySeconds === null ? 'never' : `${recoverySeconds.toFixed(1)} s`,
  ];
}
