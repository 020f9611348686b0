import type { Surface } from '../../src/index.ts';
import { createTexts, seeded } from './texts.ts';

/** One thing that a team does. Whom and what it is about is drawn when it is done, from what is there by then. */
export type Step =
  | { readonly do: 'post'; readonly by: string; readonly channel: string; readonly text: string }
  | {
      readonly do: 'reply';
      readonly by: string;
      readonly channel: string;
      readonly text: string;
      readonly draw: number;
    }
  | {
      readonly do: 'react';
      readonly by: string;
      readonly channel: string;
      readonly emoji: string;
      readonly draw: number;
    }
  | { readonly do: 'task'; readonly by: string; readonly title: string; readonly text: string }
  | { readonly do: 'move'; readonly by: string; readonly draw: number }
  | { readonly do: 'remember'; readonly by: string; readonly text: string };

/** Agents and people of the invented team, the busiest first. */
export const team = 'kai mira juno otto lena ravi noor theo iris sol vera finn'.split(' ');
/** Channels, the busiest first: the five that are always there, and three of the team's own. */
export const channels = 'general dev problems shipping decisions backend design random'.split(' ');
export const ownChannels = channels.slice(5);
const emojis = ['👍', '✅', '👀', '🎉', '🚀', '❤️'];

/** The same steps for the same seed, without end: out of 100 messages 20 in threads, 12 reactions, a task or two. */
export function* steps(seed: number): Generator<Step, never> {
  const random = seeded(seed);
  const text = createTexts(seed + 1);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() ** 2 * list.length)] as T;
  for (;;) {
    const by = pick(team);
    const channel = pick(channels);
    const draw = random();
    const what = random();
    if (what < 0.105) yield { do: 'react', by, channel, emoji: pick(emojis), draw };
    else if (what < 0.11) yield { do: 'task', by, title: text().slice(0, 80).trim() || 'Task', text: text() };
    else if (what < 0.12) yield { do: 'move', by, draw };
    else if (what < 0.125) yield { do: 'remember', by, text: text() };
    else {
      const mention = random() < 0.06 ? `@${pick(team)} ` : '';
      const body = { by, channel, text: `${mention}${text()}`.trim() };
      if (random() < 0.2) yield { do: 'reply', ...body, draw };
      else yield { do: 'post', ...body };
    }
  }
}

export const isMessage = (step: Step): boolean => step.do === 'post' || step.do === 'reply';

/** The newest of what is there, for steps that are about something. */
const remembered = 64;

/** Does steps as the members that they name. */
export function createDoer(as: (handle: string) => Surface): (step: Step) => Promise<void> {
  const newest = new Map<string, string[]>();
  const tasks: string[] = [];
  const surfaces = new Map<string, Surface>();
  const surface = (handle: string): Surface => {
    const known = surfaces.get(handle) ?? as(handle);
    surfaces.set(handle, known);
    return known;
  };
  const keep = (list: string[], id: string): void => {
    list.push(id);
    if (list.length > remembered) list.shift();
  };
  const recent = (channel: string): string[] => {
    const list = newest.get(channel) ?? [];
    newest.set(channel, list);
    return list;
  };
  const drawn = (list: readonly string[], draw: number): string | undefined =>
    list[Math.floor(draw * list.length)];

  return async (step) => {
    const me = surface(step.by);
    switch (step.do) {
      case 'post':
      case 'reply': {
        const list = recent(step.channel);
        const thread = step.do === 'reply' ? drawn(list, step.draw) : undefined;
        const input = { text: step.text, ...(thread === undefined ? {} : { thread }) };
        keep(list, (await me.messages.post(step.channel, input)).id);
        return;
      }
      case 'react': {
        const id = drawn(recent(step.channel), step.draw);
        if (id !== undefined) await me.messages.react(id, step.emoji);
        return;
      }
      case 'task':
        keep(tasks, (await me.tasks.create({ title: step.title, description: step.text })).id);
        return;
      case 'move': {
        const at = Math.floor(step.draw * tasks.length);
        const [id] = tasks.splice(at, 1);
        if (id !== undefined) await me.tasks.move(id, { to: 'doing' });
        return;
      }
      case 'remember':
        await me.memory.remember({ text: step.text });
    }
  };
}

/** Runs `work` for each item, so many at a time; each waits for its own end before it takes the next. */
export async function inParallel<T>(
  items: Iterator<T>,
  width: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = items.next(); next.done !== true; next = items.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
