import type { Hash, Stamp } from '../../../schemas/index.ts';
import { listOf, own, textOf, wordOf } from '../data.ts';
import type { SubjectFold } from '../fold.ts';
import { write, written } from '../register.ts';
import { apply, applyAny, refuse, speaker } from '../shared.ts';
import type { Following, MessageState, Op, Past } from '../types.ts';
import { add, remove } from './set.ts';
import { beginText, edit } from './text.ts';

export const messageFold: SubjectFold<MessageState> = {
  kind: 'message',
  creation: 'message.create',

  create(op) {
    const thread = textOf(op.header.data, 'thread');
    const answers = textOf(op.header.data, 'answers');
    const to = listOf(op.header.data, 'to');
    return {
      ...beginText(op),
      kind: 'message',
      ...(to.length === 0 ? {} : { to }),
      ...(thread === undefined ? {} : { thread }),
      ...(answers === undefined ? {} : { answers }),
      reactions: {},
      pinned: [written(op, false)],
      resolved: [written(op, false)],
      follows: {},
    };
  },

  apply(state, op, past) {
    if (!mayTouch(state, op)) return refuse(state, 'permission', 'only who is in the conversation does that');
    switch (op.header.type) {
      case 'message.edit':
        return edit(state, op, past);
      case 'message.react':
      case 'message.unreact':
        return apply({ ...state, reactions: react(state.reactions, op, past) });
      case 'message.pin':
      case 'message.unpin':
        return apply({
          ...state,
          pinned: write(state.pinned, op, past, op.header.type === 'message.pin'),
        });
      case 'thread.resolve':
      case 'thread.reopen':
        return apply({
          ...state,
          resolved: write(state.resolved, op, past, op.header.type === 'thread.resolve'),
        });
      case 'thread.follow':
        return apply({ ...state, follows: follow(state.follows, op) });
      default:
        return applyAny(state, op);
    }
  },
};

/** What is said in a direct conversation is for those who are in it to answer; a removal has rules of its own. */
const mayTouch = ({ to, created }: MessageState, { header }: Op): boolean =>
  to === undefined ||
  header.type === 'redact' ||
  header.type === 'join' ||
  header.imported !== undefined ||
  [created.by, ...to].includes(speaker(header));

/** One member's hand on one emoji: an add-wins set of members for each. An emoji that nobody holds is gone. */
function react(reactions: MessageState['reactions'], op: Op, past: Past): MessageState['reactions'] {
  const emoji = textOf(op.header.data, 'emoji') ?? '';
  const member = speaker(op.header);
  const members = own(reactions, emoji) ?? {};
  const changed =
    op.header.type === 'message.react' ? add(members, member, op.hash) : remove(members, member, past);
  const { [emoji]: _, ...others } = reactions;
  return Object.keys(changed).length === 0 ? others : { ...reactions, [emoji]: changed };
}

const followings = ['follow', 'mute', 'default'] as const;

/** Each member's own affair: the latest that it says is in force, and what it said before holds for replies of before. */
function follow(follows: MessageState['follows'], op: Op): MessageState['follows'] {
  const state = wordOf(op.header.data, 'state', followings);
  if (state === undefined) return follows;
  const member = speaker(op.header);
  const said = own(follows, member) ?? [];
  return { ...follows, [member]: [...said, { op: op.hash, stamp: op.header.stamp, state }] };
}

/** What a member wanted to be told of a thread when a reply with this stamp was made; without one: what it wants now. */
export const followingOf = (
  { follows }: Pick<MessageState, 'follows'>,
  member: Hash,
  stamp?: Stamp,
): Following =>
  own(follows, member)?.findLast((said) => stamp === undefined || said.stamp < stamp)?.state ?? 'default';
