// Listens to the events of a node and notes when each operation came.
import { get, type IncomingMessage } from 'node:http';
import { answerEach, given, wallClock } from '../support/child.ts';

/** When each operation came, by its hash. */
export type Came = Readonly<Record<string, number>>;

const { port, token } = given<{ port: number; token: string }>();
let came: Record<string, number> = {};

function take(frame: string, now: number): void {
  const data = /^data:\s?(.*)$/m.exec(frame)?.[1];
  if (data === undefined) return;
  const { operation } = JSON.parse(data) as { operation?: string };
  if (operation !== undefined) came[operation] = now;
}

const stream = await new Promise<IncomingMessage>((resolve, reject) => {
  const headers = { authorization: `Bearer ${token}`, accept: 'text/event-stream' };
  get({ host: '127.0.0.1', port, path: '/v1/events', headers }, resolve).once('error', reject);
});
if (stream.statusCode !== 200) throw new Error(`the node answered ${stream.statusCode}`);
let rest = '';
stream.setEncoding('utf8');
stream.on('data', (text: string) => {
  const now = wallClock();
  const frames = (rest + text).split('\n\n');
  rest = frames.pop() ?? '';
  for (const frame of frames) take(frame, now);
});

answerEach(
  null,
  async () => {
    const answer = came;
    came = {};
    return answer;
  },
  async () => {
    stream.destroy();
  },
);
