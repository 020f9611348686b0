// A replica that syncs with a node: posts at a pace, claims, and notes when what others post becomes an event here.
import { setTimeout as sleep } from 'node:timers/promises';
import { openReplica } from '../../relay/embed/index.ts';
import { openLog } from '../../relay/index.ts';
import { answerEach, given, wallClock } from '../support/child.ts';
import { type Traffic, watchTraffic } from '../support/traffic.ts';
import { posts } from '../support/writers.ts';
import type { Came } from './listener.ts';
import type { Sent } from './poster.ts';

export type MemberQuestion =
  /** Resolves when the node has all that is here, and the other way round. */
  | { readonly what: 'equal' }
  | { readonly what: 'post'; readonly count: number; readonly everyMs: number }
  | { readonly what: 'came' }
  /** Resolves with what came when that operation has. */
  | { readonly what: 'until'; readonly operation: string }
  /** Makes tasks, and resolves with their ids. */
  | { readonly what: 'tasks'; readonly count: number }
  /** Claims them one after the other, `granted`, and resolves with how long each took, ms. */
  | { readonly what: 'claim'; readonly tasks: readonly string[] }
  /** Bytes of the link since this process began. */
  | { readonly what: 'traffic' };

export interface MemberInput {
  readonly data: string;
  readonly config: string;
  readonly state: string;
  readonly as: string;
  readonly upstream: string;
}

const traffic = watchTraffic();
const { data, config, state, as, upstream } = given<MemberInput>();
const sync = { state, upstreams: [upstream], log: openLog('error') };
const replica = await openReplica({ directory: data, config, as, sync });
let came: Record<string, number> = {};
let onCame = (): void => undefined;
const stop = new AbortController();

async function listen(): Promise<void> {
  for await (const { operation } of replica.events({ signal: stop.signal })) {
    came[operation] = wallClock();
    onCame();
  }
}
const listening = listen();

async function post(count: number, everyMs: number): Promise<Sent> {
  const sent: Record<string, number> = {};
  const answers: Promise<void>[] = [];
  const began = performance.now();
  let i = 0;
  for (const { text } of posts(count, 9)) {
    await sleep(Math.max(0, began + i++ * everyMs - performance.now()));
    const from = wallClock();
    answers.push(
      replica.messages.post('general', { text }).then(({ id }) => {
        sent[id] = from;
      }),
    );
  }
  await Promise.all(answers);
  return sent;
}

async function tasks(count: number): Promise<string[]> {
  const made: string[] = [];
  for (let i = 0; i < count; i++) made.push((await replica.tasks.create({ title: `Step ${i}` })).id);
  return made;
}

async function claim(ids: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const id of ids) {
    const began = performance.now();
    await replica.tasks.claim(id, { need: 'granted' });
    times.push(performance.now() - began);
  }
  return times;
}

async function equal(): Promise<string> {
  while (!replica.sync?.status().peers.some(({ state: now }) => now === 'linked')) await sleep(10);
  await replica.sync?.settled({ peers: 1, timeoutMs: 30_000 });
  return (await replica.status()).digest;
}

async function answer(
  question: MemberQuestion,
): Promise<Sent | Came | Traffic | string | readonly string[] | readonly number[]> {
  if (question.what === 'equal') return equal();
  if (question.what === 'post') return post(question.count, question.everyMs);
  if (question.what === 'tasks') return tasks(question.count);
  if (question.what === 'claim') return claim(question.tasks);
  if (question.what === 'traffic') return traffic();
  if (question.what === 'until')
    await new Promise<void>((resolve) => {
      onCame = () => {
        if (came[question.operation] !== undefined) resolve();
      };
      onCame();
    });
  const answered = came;
  came = {};
  return answered;
}

answerEach(null, answer, async () => {
  stop.abort();
  await listening.catch(() => undefined);
  await replica.close();
});
