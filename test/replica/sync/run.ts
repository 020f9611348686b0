import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keys, type OperationRow } from '../../../src/replica/commit/rows.ts';
import type { Environment } from '../../../src/replica/environment.ts';
import { type MemoryStorage, memoryStorage } from '../../support/memory-storage.ts';
import { randomFrom } from '../../support/storage.ts';
import { rowsUnder } from '../support/memory.ts';
import { asTexts, type Hand, hand, type Made } from './hand.ts';
import { documentsOf, equal, meet, type Peer, peer, session } from './support.ts';

/** What happened in a run, for the reader to see that the rare things did. */
export type Rare = Record<
  'refused' | 'redacted' | 'reopened' | 'revoked' | 'forked' | 'byKey' | 'updates',
  number
>;

interface Run {
  readonly random: (below: number) => number;
  readonly peers: Peer[];
  readonly rare: Rare;
  readonly hands: { hand: Hand; made: Made[]; channel: string }[];
}

const pick = <T>(random: (below: number) => number, list: readonly T[]): T | undefined =>
  list[random(list.length)];

/** One thing that someone does at a replica, as far as it may. */
async function act({ random, peers, rare }: Run): Promise<void> {
  const one = pick(random, peers);
  if (!one) return;
  const { replica } = one;
  const who = replica.as(pick(random, ['ana', 'bo', 'cai']) ?? 'ana');
  const text = `text ${random(1e9)}`;
  const channel = pick(random, ['general', 'dev']) ?? 'general';
  const messages = (await replica.messages.list(channel, { limit: 100 })).items;
  const tasks = (await replica.tasks.list({ limit: 100 })).items;
  const message = pick(random, messages);
  const task = pick(random, tasks);
  const other = pick(random, tasks);
  const acts: (() => Promise<unknown>)[] = [
    () => who.messages.post(channel, { text }),
    () => who.messages.post(channel, { text, ...(message ? { thread: message.id } : {}) }),
    () => who.messages.post(channel, { text: 'once' }, { key: `key ${random(4)}` }),
    async () => message && who.messages.edit(message.id, { text }),
    async () => message && who.messages.react(message.id, pick(random, ['👍', '🎉']) ?? '👍'),
    async () => message && who.messages.unreact(message.id, '👍'),
    async () => message && who.messages.flag(message.id, { pinned: random(2) === 0 }),
    async () => {
      if (!message) return;
      await who.messages.redact(message.id);
      rare.redacted++;
    },
    () => who.tasks.create({ title: text, labels: ['x'] }),
    async () => task && who.tasks.update(task.id, { title: text, priority: 'P1' }),
    async () =>
      task &&
      who.tasks.move(task.id, {
        to: pick(random, ['doing', 'blocked', 'review', 'done', 'todo']) ?? 'doing',
        reason: 'why',
      }),
    async () => task && who.tasks.claim(task.id),
    async () => task && who.tasks.release(task.id),
    async () => task && other && who.tasks.link(task.id, { kind: 'blocks', to: other.id }),
    async () => task && other && who.tasks.unlink(task.id, { kind: 'blocks', to: other.id }),
    async () => task && who.tasks.comment(task.id, { text }),
    () => who.memory.remember({ text, key: `k${random(3)}` }),
    async () => who.memory.forget(`k${random(3)}`),
    async () => who.members.update({ name: text }),
    async () => who.channels.create({ name: `c${random(3)}`, topic: text }),
    async () => who.channels.update(channel, { topic: text }),
    async () => who.acknowledge({ receipt: (await who.catchUp()).receipt }),
  ];
  const chosen = pick(random, acts);
  try {
    await chosen?.();
  } catch {
    rare.refused++;
  }
}

/** Gives one replica something of another: parts of documents, in any order, sometimes twice. */
async function exchange({ random, peers, rare }: Run): Promise<void> {
  const from = pick(random, peers);
  const to = pick(random, peers);
  if (!from || !to || from === to) return;
  const documents = await documentsOf(from);
  for (let i = 0; i < 1 + random(3); i++) {
    const document = pick(random, documents);
    if (document === undefined) return;
    if (random(3) === 0) {
      const all = (await from.source.keys(document)).map(([key]) => key);
      const some = all.filter(() => random(2) === 0).sort(() => random(3) - 1);
      await to.source.take(document, await from.source.entries(document, some), session());
      rare.byKey++;
    } else {
      const by = session();
      const vector = random(4) === 0 ? Uint8Array.of(0) : await to.source.stateVector(document);
      const update = await from.source.diff(document, vector);
      for (let times = 0; times <= random(2); times++) {
        const received = await to.source.receive(document, update, by);
        if (!received.ok)
          throw new Error(`${to.name} refused ${document} of ${from.name}: ${received.reason}`);
      }
      rare.updates++;
    }
  }
}

/** A key of the machine writes: in its chain, or beside it. */
async function byHand(run: Run): Promise<void> {
  const { random, peers, rare, hands } = run;
  const at = pick(random, peers);
  if (!at) return;
  let one = pick(random, hands);
  if (!one || hands.length < 2) {
    const { id } = await at.replica.channels.get('general');
    one = { hand: hand(at.at.root), made: [], channel: `channel.${id}` };
    hands.push(one);
    const admission = await one.hand.admission();
    const base = (await at.replica.members.list({ limit: 1 })).items[0]?.base ?? [];
    const member = await one.hand.make({
      log: 'members',
      type: 'member.create',
      after: [...new Set([admission.hash, ...base])].slice(0, 8),
      data: { handle: 'eve', kind: 'agent', machine: (await at.replica.replicas.list()).items[0]?.machine },
    });
    await at.source.take('log/members/1', asTexts(admission, member), session());
  }
  const { hand: eve, made, channel } = one;
  const last = made.at(-1);
  const forks = last !== undefined && random(4) === 0;
  if (forks) rare.forked++;
  const place = forks ? { seq: last.entry.header.seq, prev: last.entry.header.prev } : {};
  const said = await eve.make({
    log: channel,
    type: 'message.create',
    member: eve.member('eve'),
    body: { text: `by hand ${random(1e9)}` },
    ...place,
  });
  made.push(said);
  const some = made.filter(() => random(2) === 0);
  await at.source.take(`log/${channel}/1`, asTexts(...some), session());
}

async function revoke({ random, peers, hands, rare }: Run): Promise<void> {
  const at = pick(random, peers);
  const one = pick(random, hands);
  if (!at || !one || random(2) > 0) return;
  await at.replica.replicas.revoke(one.hand.id).then(
    () => void rare.revoked++,
    () => void rare.refused++,
  );
}

/**
 * Three replicas of one user work apart, exchange parts, restart, meet a writer that forks and is revoked, and at the
 * end everything. Then they must be equal, healthy, and the same again after their views are made anew.
 */
export async function runApart(seed: number, steps: number, rare: Rare): Promise<void> {
  const random = randomFrom(seed);
  const root = mkdtempSync(join(tmpdir(), 'coterie-run-'));
  let clock = 1_700_000_000_000;
  const storages = new Map<string, MemoryStorage>();
  const environment = (name: string, skew: number): Environment => {
    const storage = storages.get(name) ?? memoryStorage(join(root, name));
    storages.set(name, storage);
    return {
      storage,
      now() {
        clock += 1 + random(50);
        return clock + skew;
      },
      random: (bytes) => Uint8Array.from({ length: bytes }, () => random(256)),
    };
  };
  const all: Peer[] = [];
  const environments = new Map<string, Environment>();
  try {
    for (const [i, name] of ['ana', 'bo', 'cai'].entries()) {
      const made = environment(name, [0, -3_600_000, 120_000][i] ?? 0);
      environments.set(name, made);
      all.push(await peer(name, root, made));
    }
    const run: Run = { random, peers: all, rare, hands: [] };
    for (let step = 0; step < steps; step++) {
      const what = random(20);
      if (what < 11) await act(run);
      else if (what < 16) await exchange(run);
      else if (what < 18) await byHand(run);
      else if (what < 19) await revoke(run);
      else {
        const one = pick(random, all);
        await one?.reopen(environments.get(one.name));
        rare.reopened++;
      }
    }
    await settle(all, run, storages);
    for (const one of all) {
      const storage = storages.get(one.name);
      await one.replica.close();
      await storage?.store.commit([[keys.meta('views'), new TextEncoder().encode('0')]]);
      await one.reopen(environments.get(one.name));
      await one.source.idle();
    }
    // Closing writes the marks that are due.
    await meet(...all);
    await sameStates(storages);
    await equal(...all);
  } finally {
    for (const one of all) await one.replica.close();
    rmSync(root, { recursive: true, force: true });
  }
}

/** What each replica says of each operation: state, text and folded states of things. */
async function sameStates(storages: ReadonlyMap<string, MemoryStorage>): Promise<void> {
  const said = new Map<string, Map<string, string>>();
  for (const [name, { store }] of storages) {
    for (const [key, row] of await rowsUnder<OperationRow>(store, 'op/')) {
      const { header, state, body, redacted } = row;
      const of = said.get(key) ?? new Map<string, string>();
      said.set(key, of);
      const text = body ? 'text' : redacted ? 'removed' : 'none';
      of.set(name, `${header.type} ${header.log.slice(0, 12)} ${JSON.stringify(state ?? 'counted')} ${text}`);
    }
    for (const [key, state] of await rowsUnder<unknown>(store, 'v/state/'))
      said.set(key, (said.get(key) ?? new Map()).set(name, JSON.stringify(state)));
  }
  const differing = [...said].filter(([, of]) => of.size < storages.size || new Set(of.values()).size > 1);
  const shown = differing.slice(0, 6).map(([key, of]) => `${key}\n  ${[...of].join('\n  ')}`);
  if (shown.length > 0) throw new Error(`${differing.length} differ:\n${shown.join('\n')}`);
}

async function settle(
  all: readonly Peer[],
  { hands }: Run,
  storages: ReadonlyMap<string, MemoryStorage>,
): Promise<void> {
  const [first] = all;
  // What was made by hand and nobody got yet comes at last.
  for (const { made, channel } of hands)
    if (made.length > 0) await first?.source.take(`log/${channel}/1`, asTexts(...made), session());
  await meet(...all);
  await sameStates(storages);
  await equal(...all);
  for (const { replica } of all) {
    const { findings } = await replica.doctor();
    const bad = findings.filter(({ state }) => state === 'damaged' || state === 'repaired');
    if (bad.length > 0) throw new Error(JSON.stringify(bad));
  }
}
