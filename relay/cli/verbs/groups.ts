import { given } from '../../given.ts';
import { asking, once, paged } from '../call.ts';
import { group, groups } from '../show/conversation.ts';

export const list = asking({
  ask: (team, call) => team.groups.list(given(paged(call))),
  show: groups,
});

export const create = asking({
  write: true,
  ask: (team, call) => team.groups.create({ handle: call.arg(0), members: call.list(1) }, once(call)),
  show: group,
});

export const add = asking({
  write: true,
  ask: (team, call) => team.groups.update(call.arg(0), { add: call.list(1) }, once(call)),
  show: group,
});

export const remove = asking({
  write: true,
  ask: (team, call) => team.groups.update(call.arg(0), { remove: call.list(1) }, once(call)),
  show: group,
});
