// coterie/log: operations in any Y.Map: read, check, fold, make and write them with any Yjs client.
export type {
  AnyState,
  ChannelState,
  CommentState,
  MembersState,
  MemoryState,
  MessageState,
  TaskState,
  Verdict,
} from '../fold/types.ts';
export * from '../log/index.ts';
export * from './author.ts';
export * from './view.ts';
