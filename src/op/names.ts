import type { Hash } from '../../schemas/index.ts';
import type { Crypto } from './crypto.ts';
import { hashOf } from './hash.ts';

type Sha256 = Pick<Crypto, 'sha256'>;

/** A member's id: one handle on one machine is one member. `machine`: the machine's public key. */
export const memberIdOf = (crypto: Sha256, workspace: Hash, machine: string, handle: string): Hash =>
  hashOf(crypto, [workspace, machine, handle]);

/** Channels that exist from the genesis, without an operation. */
export const defaultChannelNames = ['general', 'problems', 'shipping', 'dev', 'decisions'] as const;

/** Id of such a channel. Its log is `channel.<id>`. */
export const defaultChannelId = (crypto: Sha256, workspace: Hash, name: string): Hash =>
  hashOf(crypto, [workspace, name]);

/** Id of the conversation between these members, whoever begins it. Its log is `direct.<id>`. */
export const directId = (crypto: Sha256, workspace: Hash, members: Iterable<Hash>): Hash =>
  hashOf(crypto, ['direct', workspace, ...[...members].sort()]);

/** How an operation names a handle that nobody bears: a name in clear would stay when its text is removed. */
export const awaitedHandle = (crypto: Sha256, workspace: Hash, handle: string): Hash =>
  hashOf(crypto, ['handle', workspace, handle]);
