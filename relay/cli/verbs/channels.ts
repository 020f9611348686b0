import { given } from '../../given.ts';
import { asking, misuse, once, paged } from '../call.ts';
import { channel, channels } from '../show/conversation.ts';

export const list = asking({
  ask: (team, call) =>
    team.channels.list(
      given({
        ...paged(call),
        archived: call.has('archived') ? true : undefined,
        direct: call.has('direct') ? true : undefined,
      }),
    ),
  show: channels,
});

export const create = asking({
  write: true,
  ask: (team, call) =>
    team.channels.create({ name: call.arg(0), ...given({ topic: call.text('topic') }) }, once(call)),
  show: channel,
});

export const topic = asking({
  write: true,
  ask: async (team, call) => team.channels.update(call.arg(0), { topic: await call.words(1) }, once(call)),
  show: channel,
});

export const rename = asking({
  write: true,
  ask: (team, call) => team.channels.update(call.arg(0), { name: call.arg(1) }, once(call)),
  show: channel,
});

export const hops = asking({
  write: true,
  async ask(team, call) {
    const most = Number(call.arg(1));
    if (!/^\d+$/.test(call.arg(1))) throw await misuse(`${call.arg(1)} is no number`);
    return team.channels.update(call.arg(0), { hops: most }, once(call));
  },
  show: (answer, view) => `${channel(answer, view)}\nagents may answer each other ${answer.hops} times`,
});

export const archive = asking({
  write: true,
  ask: (team, call) => team.channels.update(call.arg(0), { archived: !call.has('undo') }, once(call)),
  show: channel,
});
