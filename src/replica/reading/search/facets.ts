import type { Hash } from '../../../../schemas/index.ts';
import type { CommentState, MemoryState, MessageState, TaskState } from '../../../fold/types.ts';
import { stateOf } from '../../ledger/state.ts';
import { channelOfLog } from '../../views/conversation.ts';
import { operation, type Reading } from '../context.ts';

/** Found by who looks anywhere: all but what is in direct conversations, which those who are in them find. */
export const openFacet = 'open';

const link = /https?:\/\/\S/;
const code = /`[^`]+`|^ {4}\S/m;

const idsIn = (data: Readonly<Record<string, unknown>> | undefined, field: string): readonly Hash[] =>
  (data?.[field] as readonly Hash[] | undefined) ?? [];

const textFacets = (text: string): string[] => [
  ...(link.test(text) ? ['has:link'] : []),
  ...(code.test(text) ? ['has:code'] : []),
];

const people = (name: 'from' | 'to' | 'with', ids: Iterable<Hash>): string[] =>
  [...new Set(ids)].map((id) => `${name}:${id}`);

/** What may be asked of a message. */
export function messageFacets(reading: Reading, state: MessageState, text: string): string[] {
  const header = operation(reading, state.id)?.header;
  const shown = operation(reading, state.text[0]?.value ?? state.id)?.header;
  const channel = header && channelOfLog(header.log);
  const place = channel === undefined ? undefined : stateOf(reading, reading.database, channel);
  const direct = place?.kind === 'channel' ? place.direct : undefined;
  const to = [...(state.to ?? []), ...idsIn(shown?.data, 'mentions'), ...idsIn(shown?.data, 'here')].filter(
    (id) => id !== 'here',
  );
  const { by } = state.created;
  return [
    'kind:message',
    ...(channel === undefined ? [] : [`in:${channel}`]),
    ...people('from', [by]),
    ...people('to', to),
    ...people('with', [by, ...to, ...(direct ?? [])]),
    direct ? 'is:direct' : openFacet,
    `thread:${state.thread ?? state.id}`,
    ...(state.thread ? ['is:reply'] : []),
    ...(state.pinned[0]?.value ? ['is:pinned'] : []),
    ...(state.resolved[0]?.value ? ['is:resolved'] : []),
    ...(state.edits > 0 ? ['is:edited'] : []),
    ...(state.imported ? ['is:imported'] : []),
    ...(Object.keys(state.reactions).length > 0 ? ['has:reaction'] : []),
    ...(idsIn(shown?.data, 'files').length > 0 ? ['has:file'] : []),
    ...textFacets(text),
  ];
}

export const commentFacets = (state: CommentState, text: string): string[] => [
  'kind:comment',
  openFacet,
  ...people('from', [state.created.by]),
  ...people('with', [state.created.by]),
  ...(state.edits > 0 ? ['is:edited'] : []),
  ...(state.imported ? ['is:imported'] : []),
  ...textFacets(text),
];

/** Whether it is open, blocked or claimed follows from more than its own operations: that is looked up when asked. */
export function taskFacets(state: TaskState, text: string): string[] {
  const assignee = state.assignee[0]?.value;
  const reviewer = state.reviewer[0]?.value;
  const named = [assignee, reviewer].filter((id) => id != null);
  return [
    'kind:task',
    openFacet,
    ...people('from', [state.created.by]),
    ...people('to', assignee == null ? [] : [assignee]),
    ...people('with', [state.created.by, ...named]),
    `priority:${state.priority[0]?.value ?? 'P2'}`,
    ...Object.keys(state.labels).map((label) => `label:${label}`),
    ...(state.due[0]?.value != null ? ['has:due'] : []),
    ...(state.criteria[0]?.value != null ? ['has:criteria'] : []),
    ...(state.evidence.length > 0 ? ['has:evidence'] : []),
    ...(state.imported ? ['is:imported'] : []),
    ...textFacets(text),
  ];
}

export const memoryFacets = (state: MemoryState, tags: readonly string[], text: string): string[] => [
  'kind:memory',
  openFacet,
  ...people('from', [state.created.by]),
  ...people('with', [state.created.by]),
  ...tags.map((tag) => `tag:${tag}`),
  ...(state.imported ? ['is:imported'] : []),
  ...textFacets(text),
];
