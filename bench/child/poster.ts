// Posts over HTTP: as fast as 8 connections go, or so many a second.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { answerEach, given, wallClock } from '../support/child.ts';
import { inParallel } from '../support/steps.ts';
import { posts } from '../support/writers.ts';

export type Question =
  | { readonly connections: number; readonly count: number }
  | { readonly everyMs: number; readonly count: number };
export interface Flood {
  readonly rate: number;
  readonly times: readonly number[];
}
/** When each message was sent, by its id. */
export type Sent = Readonly<Record<string, number>>;

const { port, token } = given<{ port: number; token: string }>();
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

function post(channel: string, text: string): Promise<string> {
  const body = JSON.stringify({ text });
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        agent,
        method: 'POST',
        path: `/v1/channels/${channel}/messages`,
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.once('error', reject);
        answer.once('end', () => {
          const text = Buffer.concat(parts).toString();
          if (answer.statusCode === 201) resolve(JSON.parse(text).id as string);
          else reject(new Error(`${answer.statusCode}: ${text}`));
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

async function flood(connections: number, count: number): Promise<Flood> {
  const times: number[] = [];
  const began = performance.now();
  await inParallel(posts(count, 5), connections, async ({ channel, text }) => {
    const from = performance.now();
    await post(channel, text);
    times.push(performance.now() - from);
  });
  return { rate: (count / (performance.now() - began)) * 1000, times };
}

async function steady(everyMs: number, count: number): Promise<Sent> {
  const sent: Record<string, number> = {};
  const answers: Promise<void>[] = [];
  const began = performance.now();
  let i = 0;
  for (const { channel, text } of posts(count, 9)) {
    await sleep(Math.max(0, began + i++ * everyMs - performance.now()));
    const from = wallClock();
    answers.push(
      post(channel, text).then((id) => {
        sent[id] = from;
      }),
    );
  }
  await Promise.all(answers);
  return sent;
}

answerEach(
  null,
  (question: Question) =>
    'connections' in question
      ? flood(question.connections, question.count)
      : steady(question.everyMs, question.count),
  async () => agent.destroy(),
);
