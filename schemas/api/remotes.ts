import { z } from 'zod';
import { PublicKey } from '../primitives.ts';
import { Time } from './common.ts';
import { Address } from './machines.ts';

/** What answers at a URL: a replica with its doors, a relay that is a replica of many workspaces, one that reads nothing. */
export const RelayMode = z.enum(['node', 'readable', 'sealed']);
export type RelayMode = z.infer<typeof RelayMode>;

/** What a relay or node says of itself to anybody. */
export const RelayInfo = z.strictObject({
  mode: RelayMode,
  /** Its listening key. */
  key: PublicKey,
  /** Protocol versions of `/mux` that it speaks, best first. */
  protocols: z.array(z.int().min(1)).min(1).max(16),
  version: z.string(),
});
export type RelayInfo = z.infer<typeof RelayInfo>;

export const RemoteAdd = z.strictObject({
  url: Address,
  /** The enrolment code of a relay that wants one for a workspace that it does not host yet. */
  code: z.string().min(1).max(128).optional(),
});
export type RemoteAdd = z.infer<typeof RemoteAdd>;
export const RemoteRemove = z.strictObject({ url: Address });

/**
 * What a sealed relay is found out by (docs/spec/sealed-heads.md). `replaced` is no alarm: it was emptied, and everything
 * is brought to it again.
 */
export const relayAlarms = [
  'altered',
  'replayed',
  'reordered',
  'withheld',
  'rolled_back',
  'forked',
  'replaced',
  'impostor',
] as const;

/** Something that a sealed relay did and no honest one does. */
export const RelayAlarm = z.strictObject({
  kind: z.enum(relayAlarms),
  /** The document's name at the relay, where it is about one. */
  document: z.string().nullable(),
  message: z.string(),
  at: Time,
});
export type RelayAlarm = z.infer<typeof RelayAlarm>;

/** A relay or node that is dialled always. */
export const RemoteInfo = z.strictObject({
  url: z.string(),
  /** Null while it is not known what answers there. */
  mode: RelayMode.nullable(),
  /** Its listening key, as first seen; null before that, and for a node that tells none. */
  key: z.string().nullable(),
  /** When it was added; null for one of `--upstream` or of a ticket, which is one while the process runs. */
  added: Time.nullable(),
  /** `waiting`: it failed, and is tried again. `refused`: one side will not have the other, and `trouble` tells why. */
  state: z.enum(['connecting', 'linked', 'waiting', 'refused']),
  /** Since when it is in this state. */
  since: Time,
  /** Updates that were sent and are not yet known to be durable there; of a sealed relay, documents that hold such. */
  lag: z.int(),
  /** When it last said that something is durable there. */
  acknowledged: Time.nullable(),
  trouble: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
  /** Of a sealed relay: of each kind and document the last since it was added, for 30 days. The newest comes last. */
  alarms: z.array(RelayAlarm),
});
export type RemoteInfo = z.infer<typeof RemoteInfo>;
