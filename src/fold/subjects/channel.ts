import type { Hash } from '../../../schemas/index.ts';
import { flagOf, listOf, numberOf, textOf } from '../data.ts';
import type { SubjectFold } from '../fold.ts';
import { write, writeIf, written } from '../register.ts';
import { apply, applyAny, begun } from '../shared.ts';
import type { ChannelState, Op, Register } from '../types.ts';

/** How many agents may answer each other in a channel that sets no number of its own. */
export const defaultHops = 20;

export const channelFold: SubjectFold<ChannelState> = {
  kind: 'channel',
  creation: 'channel.create',

  create(op) {
    const { data } = op.header;
    const direct = listOf(data, 'direct');
    return {
      kind: 'channel',
      ...begun(op),
      name: [written(op, textOf(data, 'name') ?? '')],
      topic: [written(op, topicOf(op) ?? null)],
      archived: [written(op, false)],
      hops: [written(op, defaultHops)],
      ...(direct.length > 0 ? { direct } : {}),
    };
  },

  apply(state, op, past) {
    if (op.header.type !== 'channel.update') return applyAny(state, op);
    const { data } = op.header;
    const topic = topicOf(op);
    return apply({
      ...state,
      name: writeIf(state.name, op, past, textOf(data, 'name')),
      topic: topic === undefined ? state.topic : write(state.topic, op, past, topic),
      archived: writeIf(state.archived, op, past, flagOf(data, 'archived')),
      hops: writeIf(state.hops, op, past, numberOf(data, 'hops')),
    });
  },
};

/** The topic is the only text of a channel: a body means that it was written. An empty one clears it. */
const topicOf = (op: Op): Hash | undefined => (op.header.bodyHash === undefined ? undefined : op.hash);

/** Lowest of all stamps: what is there from the start. */
export const firstStamp = '0'.repeat(26);

/**
 * A channel that exists without an operation. It is its own maker and the writer of its first values, so whatever
 * anyone writes replaces them.
 */
export function defaultChannel(id: Hash, name: string): ChannelState {
  return { ...unmade(id), name: first(id, name) };
}

/** The conversation between some members, whose id is made from theirs: it is there as soon as they are. */
export function directChannel(id: Hash, members: Iterable<Hash>): ChannelState {
  return { ...unmade(id), direct: [...members].sort(), addressed: true };
}

const first = <T>(id: Hash, value: T): Register<T> => [{ op: id, stamp: firstStamp, by: id, value }];

function unmade(id: Hash): ChannelState {
  return {
    kind: 'channel',
    id,
    heads: [],
    created: { by: id, stamp: firstStamp, at: 0 },
    operations: 0,
    name: [],
    topic: first<Hash | null>(id, null),
    archived: first(id, false),
    hops: first(id, defaultHops),
  };
}
