import { given } from '../../given.ts';
import { asking, once, paged, searched } from '../call.ts';
import { memories, memory, similarLine } from '../show/memory.ts';
import { search } from '../show/reading.ts';
import { typedTime } from '../show/time.ts';

export const remember = asking({
  write: true,
  ask: async (team, call) => {
    const expires = call.text('expires');
    return team.memory.remember(
      {
        text: await call.words(0),
        ...given({
          key: call.text('key'),
          title: call.text('title'),
          tags: call.many('tag'),
          kind: call.text('kind'),
          sources: call.many('source'),
          expires: expires === undefined ? undefined : typedTime(expires, call.out.view.now),
          supersedes: call.many('supersedes'),
          base: call.many('base'),
        }),
      },
      // Here --key is the name of the memory.
      { key: call.text('idempotencyKey') },
    );
  },
  show: (answer, view, call) => {
    for (const one of answer.similar ?? []) call.out.note(`coterie: ${similarLine(one, view)}`);
    return answer.key ?? answer.id;
  },
});

export const recall = asking({
  ask: (team, call) =>
    team.recall({
      q: call.arg(0),
      ...given({
        tag: call.text('tag'),
        budget: call.number('budget'),
        ...searched(call),
      }),
    }),
  show: search,
});

export const list = asking({
  ask: (team, call) =>
    team.memory.list(
      given({
        ...paged(call),
        tag: call.text('tag'),
        kind: call.text('kind'),
        key: call.text('name'),
        forgotten: call.has('forgotten') ? true : undefined,
      }),
    ),
  show: memories,
});

export const show = asking({ ask: (team, call) => team.memory.get(call.arg(0)), show: memory });

export const forget = asking({
  write: true,
  ask: (team, call) => team.memory.forget(call.arg(0), once(call)),
  show: memory,
});
