import type { ReplicaSource } from './source.ts';

export type { ReplicaSource } from './source.ts';

const sources = new WeakMap<object, ReplicaSource>();

/** The sync side of an open replica, for links and relays in its process. */
export function syncSourceOf(replica: object): ReplicaSource {
  const source = sources.get(replica);
  if (!source) throw new TypeError('not an open replica');
  return source;
}

/** Called once, at opening. */
export const offerSource = (replica: object, source: ReplicaSource): void =>
  void sources.set(replica, source);
