import { own, textOf } from '../data.ts';
import type { SubjectFold } from '../fold.ts';
import { write, written } from '../register.ts';
import { apply, applyAny, speaker } from '../shared.ts';
import type { MessageState, Op, Past } from '../types.ts';
import { add, remove } from './set.ts';
import { beginText, edit } from './text.ts';

export const messageFold: SubjectFold<MessageState> = {
  kind: 'message',
  creation: 'message.create',

  create(op) {
    const thread = textOf(op.header.data, 'thread');
    const answers = textOf(op.header.data, 'answers');
    return {
      ...beginText(op),
      kind: 'message',
      ...(thread === undefined ? {} : { thread }),
      ...(answers === undefined ? {} : { answers }),
      reactions: {},
      pinned: [written(op, false)],
      resolved: [written(op, false)],
    };
  },

  apply(state, op, past) {
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
      // Who follows a thread is each member's own affair: the inbox reads it, the message is the same for all.
      case 'thread.follow':
        return apply(state);
      default:
        return applyAny(state, op);
    }
  },
};

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
