/** A peer from `test/bench/node_modules`, with the part of its interface that the benches use. */
export async function importPeer<Peer>(name: string): Promise<Peer> {
  // By a variable: type checks and linters of the project run without the peers.
  return (await import(name)) as Peer;
}
