import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'vitest';
import { home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';
import { randomFrom } from '../support/storage.ts';
import { type Agent, equal, startAgent, startNode, until } from './agents.ts';
import { exportOf, linesOf, lost } from './exports.ts';
import type { Site, Sites } from './namespaces.ts';

/** A user's home on a machine in a network of its own. */
function machine({ node: by }: Site) {
  const at = home(scratch());
  const [config, state] = [join(at.path, 'config'), join(at.path, 'state')];
  const place = { config: join(config, 'coterie'), state: join(state, 'coterie') };
  mkdirSync(place.state, { recursive: true, mode: 0o700 });
  const directory = (name: string): string => join(at.path, name);
  return {
    ...at,
    directory,
    up: () => startNode({ config, state, data: at.data }, [], by),
    ask: async (args: readonly string[]) => {
      const { code, stdout, stderr } = await at.run([...args, '--as', 'node', '--json'], { by });
      expect(code, `${args[0]}: ${stdout}${stderr}`).toBe(0);
      return JSON.parse(stdout) as Record<string, unknown>;
    },
    agent: (name: string) => startAgent(place, directory(name), name, { by }),
  };
}

export interface CutOptions {
  readonly seed: number;
  readonly cuts: number;
  /** How long the link is down, and up in between, at most, ms. */
  readonly down: number;
  readonly up: number;
  /** Between two rounds of a writer, ms. */
  readonly every: number;
  /** How long it may take to heal, ms; a minute unless said. */
  readonly patience?: number | undefined;
}

/** What came of it. */
export interface CutReport {
  readonly acknowledged: number;
  /** From the last mending, when nobody writes any more, until all were equal, ms. */
  readonly healed: number;
}

/**
 * Two machines, with a node on one of them, write while the link between them is cut again and again. Afterwards all are
 * equal, and have everything that was acknowledged.
 */
export async function writeOverCutLink(sites: Sites, options: CutOptions): Promise<CutReport> {
  const draw = randomFrom(options.seed);
  const { here, there } = sites;
  const [near, far] = [machine(here), machine(there)];
  // A node listens on loopback alone: on each side something hands its connections over the link.
  const node = await near.up();
  const port = Number(new URL(node.url).port);
  const door = { host: here.address, port: 4271 };
  await here.forward(door.host, door.port, { host: '127.0.0.1', port });
  await there.forward('127.0.0.1', port, door);
  const { ticket } = await near.ask(['invite']);
  await far.ask(['join', String(ticket)]);

  const ana = await near.agent('ana');
  const [bo, cy] = [await far.agent('bo'), await far.agent('cy')];
  const team = [ana, bo, cy];
  const places = [near.directory('ana'), far.directory('bo'), far.directory('cy')];
  const files = places.map((path) => `${path}.acknowledged`);
  const peers = (): Promise<unknown> => Promise.all(team.map((agent) => agent.ask('peers')));
  await until('all have met', () => equal(team), peers);
  await Promise.all(team.map((agent, at) => agent.ask('write', { file: files[at], every: options.every })));
  const wrote = async (agent: Agent): Promise<number> =>
    (await agent.ask<{ count: number }>('wrote', { count: 0 })).count;
  for (let cut = 0; cut < options.cuts; cut++) {
    sites.cut();
    const before = await Promise.all(team.map(wrote));
    await pause(1 + draw(options.down));
    // Each side goes on as long as the link is down.
    await Promise.all(team.map((agent, at) => agent.ask('wrote', { count: (before[at] ?? 0) + 1 })));
    sites.mend();
    await pause(1 + draw(options.up));
  }
  await Promise.all(team.map((agent) => agent.ask('stop')));
  const mended = performance.now();
  await until('all are equal', () => equal(team), peers, options.patience);
  const healed = Math.round(performance.now() - mended);
  for (const agent of team) expect(await agent.ask('doctor'), agent.id).toEqual({ findings: [] });
  await Promise.all(team.map((agent) => agent.ask('close')));
  await node.stop('SIGTERM');

  const whole = await exportOf(near, places[0] ?? '');
  expect(lost(whole, ana.workspace, files)).toEqual([]);
  expect(await exportOf(near, near.data)).toEqual(whole);
  for (const place of places.slice(1)) expect(await exportOf(far, place), place).toEqual(whole);
  return { acknowledged: files.flatMap(linesOf).length, healed };
}
