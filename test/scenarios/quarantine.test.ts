import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openLog } from '../../relay/node/log.ts';
import { type Node, startNode } from '../../relay/node/node.ts';
import { type Home, home } from '../relay/cli/support.ts';
import { scratch } from '../support/scratch.ts';
import { turnBytes } from '../support/turned.ts';
import { exportOf } from './exports.ts';

async function start(user: Home, directory: string): Promise<Node> {
  const node = await startNode({
    directory,
    config: join(user.path, 'config', 'coterie'),
    state: join(user.path, 'state', 'coterie'),
    as: 'kai',
    port: 0,
    log: openLog('silent'),
    upstreams: [],
  });
  onTestFinished(() => node.close());
  return node;
}

const digests = async (nodes: readonly Node[]): Promise<Set<string>> =>
  new Set(await Promise.all(nodes.map(async ({ replica }) => (await replica.status()).digest)));

async function equal(nodes: readonly Node[]): Promise<void> {
  await expect.poll(async () => (await digests(nodes)).size, { timeout: 30_000 }).toBe(1);
}

async function written(user: Home, mine: string, theirs: string): Promise<void> {
  const nodes = [await start(user, mine), await start(user, theirs)];
  for (let n = 0; n < 40; n++) await nodes[n % 2]!.replica.messages.post('general', { text: `message ${n}` });
  await equal(nodes);
  for (const node of nodes) await node.close();
}

it.each([
  ['a table', /\.ldb$/],
  ['the log', /\.log$/],
])(
  'STO-18: with %s of its journal damaged a directory is set aside whole, and a fresh one fills from its peer',
  async (_, kind) => {
    const user = home();
    const [mine, theirs] = [user.data, join(scratch(), 'theirs')];
    await written(user, mine, theirs);
    // Opened again, what lay in the log is in a table.
    if (kind.test('1.ldb')) await (await start(user, mine)).close();
    const { stdout: token } = await user.run(['token', 'kai', '--data', mine]);
    turnBytes(join(mine, 'journal'), kind);
    // Whether opening meets a damaged table depends on what of it is read then.
    if (kind.test('1.log'))
      await expect(start(user, mine)).rejects.toMatchObject({ code: 'storage_corrupt' });

    const looked = await user.run(['doctor', '--json', '--data', mine]);
    expect(looked.code, looked.stdout).toBe(1);
    const report = JSON.parse(looked.stdout) as { ok: boolean; findings: { state: string; hint: string }[] };
    expect(report.ok).toBe(false);
    expect(report.findings[0]).toMatchObject({ state: 'damaged' });
    expect(report.findings[0]!.hint).toContain('coterie doctor --quarantine');

    const aside = await user.run(['doctor', '--quarantine', '--json', '--data', mine]);
    expect(aside.code, aside.stdout + aside.stderr).toBe(0);
    const { moved } = JSON.parse(aside.stdout) as { moved: string };
    expect(moved.startsWith(`${mine}.damaged-`)).toBe(true);
    expect(readdirSync(moved)).toEqual(expect.arrayContaining(['journal', 'documents', 'replica.key']));
    expect(readFileSync(join(mine, 'tokens', 'kai'), 'utf8').trim()).toBe(token.trim());

    const nodes = [await start(user, mine), await start(user, theirs)];
    await equal(nodes);
    expect(readFileSync(join(mine, 'replica.key'), 'utf8')).not.toBe(
      readFileSync(join(moved, 'replica.key'), 'utf8'),
    );
    expect((await nodes[0]!.replica.status()).warnings).toEqual([]);
    await nodes[0]!.replica.messages.post('general', { text: 'and on' });
    await equal(nodes);
    for (const node of nodes) await node.close();
    expect(await exportOf(user, mine)).toEqual(await exportOf(user, theirs));
    // What is sound stays where it is.
    const again = await user.run(['doctor', '--quarantine', '--json', '--data', mine]);
    expect(JSON.parse(again.stdout)).toMatchObject({ moved: null, report: { ok: true } });
  },
  120_000,
);

it('STO-18: a directory that something runs on is not set aside', async () => {
  const user = home();
  const node = await start(user, user.data);
  const refused = await user.run(['doctor', '--quarantine', '--json', '--data', user.data]);
  expect(JSON.parse(refused.stdout)).toMatchObject({ error: { code: 'directory_locked' } });
  await node.close();
});
