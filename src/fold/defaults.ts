import type { Hash } from '../../schemas/index.ts';
import { type Crypto, defaultChannelId, defaultChannelNames } from '../op/index.ts';
import { defaultChannel } from './subjects/channel.ts';
import type { ChannelState } from './types.ts';

/** States of the channels that exist from the genesis, by id. */
export function defaultChannels(crypto: Pick<Crypto, 'sha256'>, workspace: Hash): Map<Hash, ChannelState> {
  const states = new Map<Hash, ChannelState>();
  for (const name of defaultChannelNames) {
    const id = defaultChannelId(crypto, workspace, name);
    states.set(id, defaultChannel(id, name));
  }
  return states;
}
