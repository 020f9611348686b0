import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { tokenOf } from '../../../relay/node/tokens.ts';
import * as plain from '../../../relay/rooms/room/wire.ts';
import type { Entry, Hash } from '../../../schemas/index.ts';
import { closeCodes } from '../../../schemas/protocol.ts';
import { createClient } from '../../../src/client/index.ts';
import { hand } from '../../replica/sync/hand.ts';
import { scratch } from '../../support/scratch.ts';
import { digestOf, relayed } from '../relay.ts';
import { bySync, byTcp, dialMux, type Outcome, syncUpdate } from './doors.ts';
import { attacks, design, type Target } from './list.ts';
import { badFrames, byKey, webSocketFrames } from './mux.ts';

/** A relay in a process of its own, two agents that know of each other by it alone, and a key that is admitted. */
async function team() {
  const place = relayed();
  const { url } = await place.up();
  const agents = [await place.agent('ana'), await place.agent('bo')];
  for (const [n, agent] of agents.entries()) await agent.ask('post', { text: `agent ${n} is here` });
  const token = tokenOf(place.data, 'eve');
  const client = createClient({ url, token });
  await expect
    .poll(async () => (await client.messages.list('general')).items.length, { timeout: 60_000 })
    .toBe(2);
  await client.tasks.create({ title: 'what is replayed elsewhere' });
  const root = scratch();
  symlinkSync(join(place.user.path, 'config', 'coterie'), join(root, 'config'));
  const eve = hand(root);
  const { id } = await client.channels.get('general');
  return {
    ...place,
    url,
    agents,
    client,
    to: { url, token, workspace: eve.workspace },
    eve,
    admission: await eve.admission(),
    document: `log/channel.${id}/1`,
  };
}

type Team = Awaited<ReturnType<typeof team>>;

/** A document as a stock client gets it. */
async function stateOf(
  to: Pick<Team['to'], 'url' | 'token' | 'workspace'>,
  document: string,
): Promise<[Uint8Array, [Hash, Entry]]> {
  const socket = new WebSocket(`${to.url.replace('http', 'ws')}/sync/${to.workspace}/${document}`, [
    'coterie',
    `token.${to.token}`,
  ]);
  const state = await new Promise<Uint8Array>((resolve) => {
    socket.on('open', () => socket.send(plain.step1(Uint8Array.of(0))));
    socket.on('message', (bytes: Buffer) => {
      const message = plain.readMessage(new Uint8Array(bytes));
      if (message.kind === 'update') resolve(message.bytes);
    });
  });
  socket.terminate();
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const [first] = doc.getMap<Entry>('ops').entries();
  if (!first) throw new Error(`${document} is empty`);
  return [state, first];
}

async function byMux(
  one: Team,
  ...say: Parameters<Awaited<ReturnType<typeof dialMux>>['sayOf']>
): Promise<Outcome> {
  const peer = await dialMux(one.url, one.eve, one.admission);
  peer.sayOf(...say);
  const said = await peer.outcome;
  peer.close();
  return said;
}

const texts = async (agent: Team['agents'][number]): Promise<string[]> =>
  (await agent.ask<{ texts: string[] }>('texts')).texts;

async function metricsOf({ to }: Team): Promise<string> {
  const answer = await fetch(`${to.url}/metrics`, { headers: { authorization: `Bearer ${to.token}` } });
  return answer.text();
}

/** What attacks are made of; an operation of another workspace comes from another relay. */
async function targetOf(one: Team): Promise<Target> {
  const [state, [key, entry]] = await stateOf(one.to, one.document);
  const [, elsewhere] = await stateOf(one.to, 'log/tasks/1');
  const away = relayed();
  const { url } = await away.up();
  const token = tokenOf(away.data, 'eve');
  const client = createClient({ url, token });
  await client.tasks.create({ title: 'elsewhere' });
  const workspace = (await client.status()).workspace.id;
  const [, foreign] = await stateOf({ url, token, workspace }, 'log/tasks/1');
  return { state, key, entry, elsewhere, foreign };
}

/** Somebody speaks for the client of another: what the others are told of that client then. */
async function spoofed({ to }: Team): Promise<unknown> {
  const path = `${to.url.replace('http', 'ws')}/sync/${to.workspace}/presence`;
  const client = 4711;
  const states: unknown[] = [];
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(path, ['coterie', `token.${to.token}`]);
    await once(socket, 'message');
    return socket;
  };
  const say = (socket: WebSocket, of: number, clock: number, state: object): void =>
    socket.send(plain.awareness(plain.writeAwareness([{ client: of, clock, state: JSON.stringify(state) }])));
  const [owner, reader, spoofer] = [await open(), await open(), await open()];
  const heard = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      reader.on('message', (bytes: Buffer) => {
        const message = plain.readMessage(new Uint8Array(bytes));
        if (message.kind !== 'awareness') return;
        for (const one of plain.readAwareness(message.bytes, 100)) {
          if (one.client === client) states.push(JSON.parse(one.state));
          if (one.client === wanted) resolve();
        }
      });
    });
  const first = heard(client);
  say(owner, client, 1, { name: 'ana' });
  await first;
  // What comes after it from the same socket has come, so it has too.
  say(spoofer, 4712, 1, { name: 'eve' });
  say(spoofer, client, 9, { name: 'mallory' });
  const last = heard(4713);
  say(spoofer, 4713, 1, { name: 'eve again' });
  await last;
  for (const socket of [owner, reader, spoofer]) socket.terminate();
  return states.at(-1);
}

/** How often each word was said, as the doctor says it. */
function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${word} ${count}`).join(', ');
}

it('every attack of DESIGN 8 is in the list, or it is named where it is shown', () => {
  const here = new Set(Object.values(attacks).map(({ design: n }) => n));
  for (const [n, [name, shown]] of design.entries()) expect(here.has(n + 1), name).toBe(shown === 'attacks');
});

it('GRD-4 GRD-11 SYN-19 RLY-10 RLY-17 RLY-18 REP-41 a relay and two honest replicas lose nothing to whoever attacks them, and say who it was and why', async () => {
  const one = await team();
  const { agents, client, eve, to } = one;
  const target = await targetOf(one);
  const [first] = agents;
  const before = first ? await texts(first) : [];
  expect(before).toEqual(['agent 0 is here', 'agent 1 is here']);

  const refused: { sync: string[]; mux: string[] } = { sync: [], mux: [] };
  for (const [name, { on = one.document, update, refused: reason, outcome }] of Object.entries(attacks)) {
    const bytes = update(target);
    const outcomes = [
      await bySync(to, on, syncUpdate(bytes)),
      await byMux(one, on, { type: 'update', update: bytes }),
    ];
    const expected = reason === undefined ? outcome : closeCodes.refused;
    expect(outcomes, name).toEqual([expected, expected]);
    if (reason !== undefined) for (const words of Object.values(refused)) words.push(reason);
  }
  // By key, which a stock client does not speak.
  for (const [name, entries] of Object.entries(byKey(target))) {
    const said = await byMux(one, one.document, { type: 'entries', last: true, entries });
    expect(said, name).toBe(closeCodes.refused);
    refused.mux.push('entry');
  }

  const closes: Record<string, number> = {};
  for (const [name, { frame, code }] of Object.entries(badFrames)) {
    const peer = await dialMux(one.url, eve, one.admission);
    peer.raw(frame);
    expect(await peer.outcome, name).toBe(code);
    closes[code] = (closes[code] ?? 0) + 1;
  }
  // What ws itself refuses ends its own connection.
  for (const bytes of Object.values(webSocketFrames))
    for (const path of ['/mux', `/sync/${to.workspace}/${one.document}`]) await byTcp(to, path, bytes);

  const known = await spoofed(one);
  expect(known).toEqual({ name: 'ana' });
  refused.sync.push('spoofed');
  // What no log judges is told of as well.
  expect(await bySync(to, 'presence', syncUpdate(target.state))).toBe(closeCodes.refused);
  refused.sync.push('refused');
  expect(await bySync(to, 'pad/notes', Uint8Array.of(0, 9, 1))).toBe(closeCodes.malformed);
  refused.sync.push('unreadable');

  await client.messages.post('general', { text: 'the relay lives' });
  const after = [...before, 'the relay lives'].sort();
  for (const agent of agents) await expect.poll(() => texts(agent), { timeout: 60_000 }).toEqual(after);
  const digest = async () => (await client.status()).digest;
  for (const agent of agents)
    await expect
      .poll(async () => (await digestOf(agent)) === (await digest()), { timeout: 60_000 })
      .toBe(true);

  // Who did it, what it was, how often: in words, and as numbers.
  const said = [`by member eve for ${tally(refused.sync)}`, `by replica ${eve.id} for ${tally(refused.mux)}`];
  const count = refused.sync.length + refused.mux.length;
  const told = (message: string | undefined): void => {
    expect(message).toMatch(new RegExp(`^${count} updates were refused since it was opened; the last for `));
    expect(message?.split('; ').slice(2)).toEqual(said);
  };
  const { findings, ok } = await client.doctor();
  expect(findings.filter(({ state }) => state === 'damaged')).toEqual([]);
  // The document whose structures are broken is told of.
  expect(ok).toBe(false);
  told(findings.find(({ what }) => what === 'refused updates')?.message);
  const { warnings } = await client.status();
  told(warnings.find(({ what }) => what === 'refused updates')?.message);
  const shown = await one.user.run(['status']);
  for (const words of said) expect(shown.stdout.replace(/\s+/g, ' ')).toContain(words);

  const metrics = await metricsOf(one);
  for (const [by, words] of [
    ['member eve', refused.sync],
    [`replica ${eve.id}`, refused.mux],
  ] as const)
    for (const reason of new Set(words))
      expect(metrics, `${by} ${reason}`).toContain(
        `coterie_refused_total{by="${by}",reason="${reason}"} ${words.filter((one) => one === reason).length}\n`,
      );
  expect(metrics).toContain(`coterie_mux_refused_total ${refused.mux.length}\n`);
  const updates = refused.sync.filter((why) => why !== 'spoofed' && why !== 'unreadable');
  expect(metrics).toContain(`coterie_room_refused_total ${updates.length}\n`);
  expect(metrics).toContain(`coterie_mux_closed_total{code="${closeCodes.refused}"} ${refused.mux.length}\n`);
  for (const [code, times] of Object.entries(closes))
    expect(metrics).toContain(`coterie_mux_closed_total{code="${code}"} ${times}\n`);
  expect(metrics).toMatch(/^coterie_room_spoofed_total [1-9]/m);
  for (const door of ['mux', 'room'])
    for (const code of [1002, 1009])
      expect(metrics).toMatch(new RegExp(`^coterie_${door}_closed_total\\{code="${code}"\\} [12]$`, 'm'));
}, 120_000);
