import { textOf } from '../data.ts';
import type { SubjectFold } from '../fold.ts';
import { applyAny } from '../shared.ts';
import type { CommentState } from '../types.ts';
import { beginText, edit } from './text.ts';

export const commentFold: SubjectFold<CommentState> = {
  kind: 'comment',
  creation: 'comment.create',

  create(op) {
    return { ...beginText(op), kind: 'comment', task: textOf(op.header.data, 'task') ?? '' };
  },

  apply(state, op, past) {
    return op.header.type === 'comment.edit' ? edit(state, op, past) : applyAny(state, op);
  },
};
