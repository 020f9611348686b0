import { CoterieError } from '../../schemas/index.ts';
import type { Face } from './face.ts';
import { thread } from './text/messages.ts';
import { memory } from './text/others.ts';
import { task } from './text/tasks.ts';
import type { Team } from './tool.ts';
import { catchUpTool } from './tools/catch-up.ts';

/** What waits for the member: the text of `catch_up`, which acknowledges nothing. */
export const digestUri = 'coterie://digest';

export const resources = [
  { uri: digestUri, name: 'digest', description: 'What waits for you', mimeType: 'text/plain' },
] as const;

const kinds = ['task', 'thread', 'memory'] as const;
type Kind = (typeof kinds)[number];

export const templates = [
  {
    uriTemplate: 'coterie://task/{id}',
    name: 'task',
    description: 'One task with its comments',
    mimeType: 'text/plain',
  },
  {
    uriTemplate: 'coterie://thread/{id}',
    name: 'thread',
    description: 'A thread, by any of its messages',
    mimeType: 'text/plain',
  },
  {
    uriTemplate: 'coterie://memory/{key}',
    name: 'memory',
    description: 'One memory, by key or id',
    mimeType: 'text/plain',
  },
] as const;

/** True for addresses of ours. Others are never news here, and following them is no mistake. */
export const isOurs = (uri: string): boolean => uri.startsWith('coterie:');

/** What a URI names. Throws `not_found` for one that names nothing of ours. */
export function named(
  uri: string,
): { readonly kind: 'digest' } | { readonly kind: Kind; readonly id: string } {
  if (uri === digestUri) return { kind: 'digest' };
  const [, kind, rest] = /^coterie:\/\/([a-z]+)\/(.+)$/.exec(uri) ?? [];
  const known = kinds.find((one) => one === kind);
  const id = decoded(rest);
  if (known === undefined || id === undefined)
    throw new CoterieError('not_found', `there is no resource ${uri}`, {
      hint: 'These have addresses: a digest, tasks, threads, memories.',
      legal: [digestUri, ...templates.map(({ uriTemplate }) => uriTemplate)],
    });
  return { kind: known, id };
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** The text of a resource, as the tool beside it would say it. */
export function readResource({ reach, shorts }: Face, uri: string, signal: AbortSignal): Promise<string> {
  const what = named(uri);
  return reach.with((team) => textOf(team), signal);

  async function textOf(team: Team): Promise<string> {
    const show = { shorts, now: Date.now() };
    if (what.kind === 'digest') return (await catchUpTool.run({}, { ...show, team, signal, key: '' })).text;
    const id = shorts.whole(what.id);
    if (what.kind === 'thread') return thread(await team.messages.thread(id), show);
    if (what.kind === 'memory') return memory(await team.memory.get(id), show);
    const found = await team.tasks.get(id);
    return task(found, await team.tasks.comments(found.id), show);
  }
}
