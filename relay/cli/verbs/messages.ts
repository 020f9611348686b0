import type { Message, MessageFlags, MessagesQuery } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { asking, type Call, misuse, once, paged } from '../call.ts';
import { message, page, thread as threadText } from '../show/conversation.ts';
import { oneLine, tint } from '../show/terminal.ts';
import { typedTime } from '../show/time.ts';

/** A linked file is named by the end of its address. */
function fileLink(url: string): { name: string; url: string } {
  const last = url.split(/[?#]/)[0]?.split('/').filter(Boolean).at(-1) ?? url;
  try {
    return { name: decodeURIComponent(last).slice(0, 512), url };
  } catch {
    return { name: last.slice(0, 512), url };
  }
}

export const post = asking({
  write: true,
  ask: async (team, call) =>
    team.messages.post(
      call.arg(0),
      {
        text: await call.words(1),
        ...given({
          thread: call.text('thread'),
          files: call.many('file')?.map(fileLink),
          hops: call.number('hops'),
        }),
      },
      once(call),
    ),
  show(answer, _view, call) {
    for (const line of unreached(answer.reaches)) call.out.note(line);
    return answer.id;
  },
});

/** What whoever posts should know of its mentions. */
function unreached(reaches: Message['reaches'] = []): string[] {
  const named = (status: string) =>
    reaches.flatMap((one) => (one.status === status ? [`@${oneLine(one.handle)}`] : []));
  const [offline, unknown, empty] = [named('offline'), named('unknown'), named('empty')];
  return [
    ...(offline.length > 0 ? [`not there, and will find it in the inbox: ${offline.join(', ')}`] : []),
    ...(unknown.length > 0
      ? [`nobody is called ${unknown.join(' or ')}; who is made with that handle will find it in the inbox`]
      : []),
    ...(empty.length > 0 ? [`reaches nobody: ${empty.join(', ')}`] : []),
  ];
}

const order = (call: Call): MessagesQuery['order'] => call.text('order') as MessagesQuery['order'];
const time = (call: Call, flag: string) => {
  const typed = call.text(flag);
  return typed === undefined ? undefined : typedTime(typed, call.out.view.now);
};

export const read = asking({
  ask: (team, call) =>
    team.messages.list(
      call.arg(0),
      given({ ...paged(call), order: order(call), since: time(call, 'since'), until: time(call, 'until') }),
    ),
  show: (answer, view, call) => page(answer, order(call) === 'oldest', view),
});

const followings = { follow: 'follow', mute: 'mute', unfollow: 'default' } as const;

/** What is said of a thread: at most one of each pair. */
async function saidOfThread(call: Call): Promise<MessageFlags> {
  const resolved = call.has('resolve');
  if (resolved && call.has('reopen')) throw await misuse('--resolve and --reopen exclude each other');
  const [following, ...others] = Object.entries(followings).filter(([flag]) => call.has(flag));
  if (others.length > 0) throw await misuse('--follow, --mute and --unfollow exclude each other');
  return {
    ...(resolved || call.has('reopen') ? { resolved } : {}),
    ...(following ? { following: following[1] } : {}),
  };
}

export const thread = asking({
  ask: async (team, call) => {
    const flags = await saidOfThread(call);
    const read = () => team.messages.thread(call.arg(0), given(paged(call)));
    if (Object.keys(flags).length === 0) return read();
    await (await call.writer()).messages.flag(call.arg(0), flags, once(call));
    return read();
  },
  show: threadText,
});

export const react = asking({
  write: true,
  ask: (team, call) => {
    const change = call.has('remove') ? team.messages.unreact : team.messages.react;
    return change(call.arg(0), call.arg(1), once(call));
  },
  show: message,
});

export const edit = asking({
  write: true,
  ask: async (team, call) =>
    team.messages.edit(
      call.arg(0),
      { text: await call.words(1), ...given({ base: call.many('base') }) },
      once(call),
    ),
  show: message,
});

export const redact = asking({
  write: true,
  ask: (team, call) => team.messages.redact(call.arg(0), given({ reason: call.text('reason') }), once(call)),
  show: ({ id, operation }, view) => `removed the text of ${id} ${tint(view, 'dim', operation)}`,
});

export const pin = asking({
  write: true,
  ask: (team, call) => team.messages.flag(call.arg(0), { pinned: !call.has('remove') }, once(call)),
  show: message,
});
