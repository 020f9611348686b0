import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { openLog } from '../../relay/node/log.ts';
import { type Node, startNode } from '../../relay/node/node.ts';
import { tokenOf } from '../../relay/node/tokens.ts';
import type { Hash, Task } from '../../schemas/index.ts';
import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from '../../src/keys/node.ts';
import { createAuthor, readView, type View } from '../../src/maps/index.ts';
import { fromBase64url, memberIdOf, proveAdmission, readEntry } from '../../src/op/index.ts';
import { connect } from '../../src/yjs/index.ts';
import { shuffled } from '../fold/random.ts';
import { home } from '../relay/cli/support.ts';
import { onStdio } from '../relay/mcp/support.ts';

/** One agent at one door: whether it got the task, and how it ends it. */
export interface Worker {
  readonly name: string;
  claim(id: Hash): Promise<boolean>;
  finish(id: Hash): Promise<void>;
}

export interface Place {
  readonly node: Node;
  readonly cli: ReturnType<typeof home>;
  readonly config: string;
}

export async function openPlace(): Promise<Place> {
  const cli = home();
  const config = join(cli.path, 'config', 'coterie');
  const node = await startNode({
    directory: cli.data,
    config,
    state: join(cli.path, 'state', 'coterie'),
    as: 'kai',
    port: 0,
    durability: 'os',
    log: openLog('silent'),
  });
  onTestFinished(() => node.close());
  return { node, cli, config };
}

/** With nothing but fetch. */
export function overHttp({ node }: Place): Worker {
  const headers = {
    authorization: `Bearer ${tokenOf(node.directory, 'fetcher')}`,
    'content-type': 'application/json',
  };
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${node.url}/v1/tasks/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  return {
    name: 'fetcher',
    async claim(id) {
      const answer = await post(`${id}/claim`, { need: 'granted', timeout: 60_000 });
      const body = (await answer.json()) as Task & { error?: { code: string } };
      if (answer.status === 200) return body.claim?.certainty === 'granted';
      expect(['held', 'illegal_move'], JSON.stringify(body)).toContain(body.error?.code);
      return false;
    },
    async finish(id) {
      const answer = await post(`${id}/move`, { to: 'done' });
      expect(answer.status, await answer.text()).toBe(200);
    },
  };
}

/** With the command line, a process a verb. */
export function overCommands({ cli }: Place): Worker {
  const run = (...args: string[]) => cli.run([...args, '--data', cli.data, '--as', 'typist', '--json']);
  return {
    name: 'typist',
    async claim(id) {
      const { code, stdout, stderr } = await run(
        'task',
        'claim',
        id,
        '--need',
        'granted',
        '--timeout',
        '60s',
      );
      if (code === 0) return (JSON.parse(stdout) as Task).claim?.certainty === 'granted';
      expect(code, stderr).toBe(4);
      return false;
    },
    async finish(id) {
      const { code, stderr } = await run('task', 'move', id, 'done');
      expect(code, stderr).toBe(0);
    },
  };
}

/** With the official client of MCP, and `coterie mcp` as its server. */
export async function overMcp({ cli }: Place): Promise<Worker> {
  const { call, does } = await onStdio({ path: cli.path }, ['--data', cli.data, '--as', 'model']);
  return {
    name: 'model',
    async claim(id) {
      const { failed, text, data } = await call('claim', { id, need: 'granted', timeout: 60_000 });
      if (failed) expect(text).toMatch(/held|illegal_move/);
      return !failed && (data as Partial<Task>).claim?.certainty === 'granted';
    },
    async finish(id) {
      await does('task', { action: 'move', id, status: 'done' });
    },
  };
}

/** With a plain Yjs client and `coterie/log`: a key of its own, and operations that it writes itself. */
export async function overYjs({ node, config }: Place): Promise<Worker> {
  const token = tokenOf(node.directory, 'yjs');
  const secret = JSON.parse(readFileSync(join(config, 'workspaces', 'default.json'), 'utf8')) as {
    machine: string;
    genesis: unknown;
  };
  const machine = signerFromSeed(fromBase64url(secret.machine, 32) as Uint8Array);
  const genesis = readEntry(nodeCrypto, secret.genesis);
  if (!genesis.ok) throw new Error('no genesis');
  const workspace = genesis.hash;
  const open = (document: string) => {
    const connection = connect({ url: node.url, workspace, document, token });
    onTestFinished(() => connection.close());
    return { document, ...connection };
  };
  const members = open('log/members/1');
  const segments = new Map<string, ReturnType<typeof open>>();
  /** Every segment of the tasks; the log goes on in a new one when the last is full. */
  async function tasksNow(): Promise<ReturnType<typeof open>[]> {
    const asked = await fetch(`${node.url}/v1/documents?log=tasks&limit=1000`, {
      headers: { authorization: `Bearer ${token}` },
    });
    const { items } = (await asked.json()) as { items: { document: string }[] };
    for (const { document } of items) if (!segments.has(document)) segments.set(document, open(document));
    const all = [...segments.values()];
    await Promise.all(all.map(({ synced }) => synced()));
    return all;
  }
  await members.synced();
  const target = ({ document, doc }: ReturnType<typeof open>) => ({
    document,
    ops: doc.getMap('ops') as never,
  });
  const look = async (): Promise<View> =>
    readView({ crypto: nodeCrypto, workspace, maps: [members, ...(await tasksNow())].map(target) });

  const seed = generateSeed(randomBytes);
  const signer = signerFromSeed(seed);
  const about = { crypto: nodeCrypto, signer, workspace, now: Date.now, random: randomBytes };
  const key = { key: signer.publicKey, encryption: x25519FromSeed(seed).publicKey };
  const admission = { ...key, ...(await proveAdmission(machine, { workspace, ...key })) };
  const replica = createAuthor(about);
  await replica.write(await look(), target(members), { type: 'replica.admit', data: admission });
  const handle = 'yjs';
  await replica.write(await look(), target(members), {
    type: 'member.create',
    data: { handle, kind: 'agent', machine: machine.publicKey },
  });
  await members.stored();
  const me = memberIdOf(nodeCrypto, workspace, machine.publicKey, handle);
  const author = createAuthor({ ...about, member: me });

  const stateIn = (view: View, id: Hash) => {
    const thing = view.things.get(id);
    return thing?.kind === 'task' ? thing : undefined;
  };
  const write = async (id: Hash, type: 'claim.request' | 'task.move', data: object): Promise<Hash> => {
    const newest = (await tasksNow()).at(-1);
    if (!newest) throw new Error('no segment of tasks');
    const hash = await author.write(await look(), target(newest), { type, subject: id, data: { ...data } });
    await newest.stored();
    return hash;
  };
  /** Looks again with every update, until there is an answer. */
  async function decided<T>(ask: (view: View) => T | undefined): Promise<T> {
    for (;;) {
      const stop = new AbortController();
      const changed = Promise.race([
        ...(await tasksNow()).map(
          ({ doc }) => new Promise<void>((resolve) => doc.once('update', () => resolve())),
        ),
        // What it waits for may come in a segment that is not there yet.
        wait(1000, undefined, { signal: stop.signal }).catch(() => undefined),
      ]);
      const answer = ask(await look());
      if (answer !== undefined) {
        stop.abort();
        return answer;
      }
      await changed;
      stop.abort();
    }
  }
  return {
    name: handle,
    async claim(id) {
      // It may not have come yet.
      const free = await decided((view) => {
        const state = stateIn(view, id);
        return state && state.claims.length === 0 && state.status[0]?.value === 'todo';
      });
      if (!free) return false;
      const request = await write(id, 'claim.request', {
        need: 'granted',
        until: Date.now() + 60_000,
        incarnation: 'plain',
      });
      return decided((view) => {
        const holder = stateIn(view, id)?.claims[0];
        if (holder?.op === request && holder.grant) return true;
        return holder?.grant || stateIn(view, id)?.status[0]?.value === 'done' ? false : undefined;
      });
    },
    async finish(id) {
      await write(id, 'task.move', { to: 'doing', from: 'todo' });
      await write(id, 'task.move', { to: 'done', from: 'doing' });
    },
  };
}

/** All take all of some fresh tasks, each in an order of its own. Every task is done, granted once, by who got it. */
export async function finishTasks(
  { node }: Place,
  workers: readonly Worker[],
  count: number,
  draw: () => number,
): Promise<ReadonlyMap<string, number>> {
  const ids: Hash[] = [];
  for (let n = 0; n < count; n++) ids.push((await node.replica.tasks.create({ title: `Task ${n}` })).id);
  const won = new Map<Hash, string[]>();
  await Promise.all(
    workers.map(async ({ name, claim, finish }) => {
      for (const id of shuffled(ids, Math.floor(draw() * 0x7fffffff))) {
        if (!(await claim(id))) continue;
        won.set(id, [...(won.get(id) ?? []), name]);
        await finish(id);
      }
    }),
  );
  const each = new Map<string, number>();
  for (const id of ids) {
    expect(won.get(id), id).toHaveLength(1);
    const [winner = ''] = won.get(id) ?? [];
    each.set(winner, (each.get(winner) ?? 0) + 1);
    // What was written by the plain client arrives by its own way.
    await expect
      .poll(async () => (await node.replica.tasks.get(id)).status, { timeout: 60_000 })
      .toBe('done');
    const { items } = await node.replica.history(id, { limit: 200 });
    const grants = items.filter(({ type, state }) => type === 'claim.grant' && state === 'counted');
    expect(grants, `grants of ${id}`).toHaveLength(1);
    expect(items.filter(({ type, state }) => type === 'task.move' && state === 'rejected')).toEqual([]);
  }
  return each;
}
