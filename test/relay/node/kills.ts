import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { shared } from '../../support/scratch.ts';
import { followSocket } from '../http/socket.ts';
import { ask, follow, type Stream } from '../http/support.ts';

const childScript = fileURLToPath(new URL('../../support/node-child.mjs', import.meta.url));

/** A node in a process of its own, on a directory that outlives it. */
interface Child {
  readonly url: string;
  readonly process: ChildProcess;
}

async function startChild(directory: string, config: string): Promise<Child> {
  const child = spawn(process.execPath, [childScript, directory, config], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  const said = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => undefined)]);
  if (said === undefined) throw new Error('the node did not start');
  const { url } = JSON.parse(String(said[0])) as { url: string };
  return { url, process: child };
}

type Following = Pick<Stream, 'events' | 'ended' | 'until' | 'close'>;

/** What a reader saw, and what the writers were told. */
export interface KillReport {
  readonly acknowledged: readonly string[];
  /** Texts of `message.create` events, as they came. */
  readonly seen: readonly string[];
  /** Cursors of all events, as they came. */
  readonly cursors: readonly string[];
  readonly kills: number;
}

/**
 * Several writers post, one reader follows the stream, and the node is killed again and again, each time when the
 * reader has seen another share of the whole: so kills fall among writes and deliveries, and the run is as long as
 * the machine needs. Writers repeat what was not acknowledged with the same idempotency key; the reader connects again
 * with its last cursor.
 */
export async function killWhileStreaming(
  posts: number,
  kills: number,
  { writers = 4, over = 'sse' }: { readonly writers?: number; readonly over?: 'sse' | 'websocket' } = {},
): Promise<KillReport> {
  const place = shared();
  const config = shared();
  const token = tokenOf(place.path, 'kai');
  const acknowledged: string[] = [];
  const seen: string[] = [];
  const cursors: string[] = [];
  let done = false;
  let killed = 0;
  let node = startChild(place.path, config.path);

  async function post(text: string): Promise<void> {
    for (;;) {
      const { url } = await node;
      const answer = await ask(`${url}/v1/channels/general/messages`, {
        method: 'POST',
        token,
        json: { text },
        headers: { 'idempotency-key': text },
      }).catch(() => undefined);
      if (answer?.status === 201) {
        acknowledged.push(text);
        return;
      }
      if (answer && answer.status < 500) throw new Error(`${answer.status} ${answer.text}`);
      // The node is gone or going: once the next one is started, `node` is that.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async function write(from: number): Promise<void> {
    for (let number = from; number < posts; number += writers) await post(`post-${number}`);
  }

  async function kill(): Promise<void> {
    const child = await node;
    killed += 1;
    child.process.kill('SIGKILL');
    node = once(child.process, 'exit').then(() => startChild(place.path, config.path));
    await node;
  }

  async function resume(url: string, last: string | undefined): Promise<Following> {
    if (over === 'websocket') return followSocket(url, token, last ?? '0');
    const stream = await follow(
      `${url}/v1/events?since=0`,
      token,
      last === undefined ? {} : { 'last-event-id': last },
    );
    if (stream.status !== 200) throw new Error(`the stream was refused with ${stream.status}`);
    return stream;
  }

  function take(stream: Following, from: number): number {
    for (const { id, event, data } of stream.events.slice(from)) {
      if (id === undefined) continue;
      cursors.push(id);
      if (event === 'message.create') seen.push((JSON.parse(data) as { body: { text: string } }).body.text);
    }
    return stream.events.length;
  }

  let killing: Promise<void> | undefined;
  function weigh(): void {
    if (killed < kills && killing === undefined && seen.length >= ((killed + 1) * posts) / (kills + 1))
      killing = kill().finally(() => {
        killing = undefined;
      });
    done = seen.length >= posts && killed >= kills;
  }

  async function read(): Promise<void> {
    while (!done) {
      await killing;
      const { url } = await node;
      const stream = await resume(url, cursors.at(-1)).catch(() => undefined);
      if (stream === undefined) continue;
      for (let taken = 0, open = true; open; ) {
        weigh();
        if (done) break;
        const more = stream.until(taken + 1).then(() => true);
        open = await Promise.race([more, stream.ended.then(() => false)]).catch(() => false);
        taken = take(stream, taken);
      }
      stream.close();
    }
    await killing;
  }

  try {
    await Promise.all([read(), ...Array.from({ length: writers }, (_, at) => write(at))]);
    // What would come twice comes now: a message after the last one ends the wait for it.
    const { url } = await node;
    const stream = await resume(url, cursors.at(-1));
    await ask(`${url}/v1/channels/general/messages`, { method: 'POST', token, json: { text: 'the end' } });
    const last = (): boolean => stream.events.some(({ data }) => data.includes('the end'));
    for (let count = 1; !last(); count++) await stream.until(count);
    take(stream, 0);
    stream.close();
    return { acknowledged, seen, cursors, kills: killed };
  } finally {
    done = true;
    const child = await node.catch(() => undefined);
    if (child) {
      const exit = once(child.process, 'exit');
      child.process.kill('SIGKILL');
      await exit;
    }
    place.remove();
    config.remove();
  }
}
