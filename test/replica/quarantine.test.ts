import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { quarantine } from '../../src/replica/upkeep/quarantine.ts';
import { type Files, nodeFiles } from '../../src/storage/files.ts';
import { rowsOfTable } from '../../src/storage/salvage/table.ts';
import { scratch } from '../support/scratch.ts';
import { turnBytes } from '../support/turned.ts';
import { allOf, type Home, healthy, home, open, reopen } from './support/open.ts';
import { equal, meet, type Peer, peer } from './sync/support.ts';

/** A directory with some messages, and a token and a note beside them, whose table is damaged. */
async function damagedHome(): Promise<Home & { id: string; workspace: string }> {
  const at = home();
  const replica = await open(at);
  for (let n = 0; n < 40; n++) await replica.messages.post('general', { text: `message ${n}` });
  // Opened again, what lay in the log is in a table.
  await (await reopen(replica, at)).close();
  turnBytes(join(at.directory, 'journal'), /\.ldb$/);
  writeFileSync(join(at.directory, 'cli.json'), '{"member":"kai"}');
  return { ...at, id: replica.id, workspace: replica.workspace.id };
}

/** The file operations that change something, of which the one of number `at` does not come to be. */
function stopping(at: number): Files & { readonly count: () => number } {
  let count = 0;
  const until =
    <A extends unknown[], R>(run: (...args: A) => R) =>
    (...args: A): R => {
      if (++count === at) throw new Error('stopped');
      return run(...args);
    };
  return {
    ...nodeFiles,
    replace: until(nodeFiles.replace),
    rename: until(nodeFiles.rename),
    remove: until(nodeFiles.remove),
    makeDirectory: until(nodeFiles.makeDirectory),
    syncDirectory: until(nodeFiles.syncDirectory),
    count: () => count,
  };
}

const asideIn = (at: Home): string[] =>
  readdirSync(at.root).filter((name) => name.startsWith('data.damaged-'));

it('STO-18: cut off at any step, a directory is as it was, or its next opening is that of the fresh one', async () => {
  const first = await damagedHome();
  const copyOf = (n: number): Home => {
    const at = { ...home(join(first.root, String(n))), config: first.config };
    cpSync(first.directory, at.directory, { recursive: true });
    return at;
  };
  const whole = stopping(0);
  const before = copyOf(0);
  await quarantine({ directory: before.directory, config: first.config, as: 'kai', files: whole });
  const names = readdirSync(join(before.root, asideIn(before)[0]!)).sort();
  expect(names).toEqual(readdirSync(first.directory).sort());
  let asWas = 0;
  for (let step = 1; step <= whole.count(); step++) {
    const at = copyOf(step);
    const options = { directory: at.directory, config: first.config, as: 'kai' };
    await expect(quarantine({ ...options, files: stopping(step) })).rejects.toThrow('stopped');
    expect(existsSync(at.directory), `step ${step}`).toBe(true);
    if (!existsSync(join(at.directory, 'aside.json')) && existsSync(join(at.directory, 'replica.key'))) {
      asWas++;
      for (const name of names)
        if (name !== 'journal' && name !== 'documents')
          expect(readdirSync(at.directory), `step ${step}`).toContain(name);
      expect((await quarantine(options)).moved, `step ${step}`).not.toBeNull();
    }
    const replica = await open(at);
    expect(replica.workspace.id, `step ${step}`).toBe(first.workspace);
    expect(replica.id, `step ${step}`).not.toBe(first.id);
    await replica.messages.post('general', { text: 'and on' });
    await replica.close();
    expect(readdirSync(at.directory)).not.toEqual(expect.arrayContaining(['aside.json']));
    expect(readdirSync(at.directory)).not.toEqual(expect.arrayContaining(['fresh']));
    expect(readFileSync(join(at.directory, 'cli.json'), 'utf8')).toBe('{"member":"kai"}');
    const lying = asideIn(at).map((name) => readdirSync(join(at.root, name)).sort());
    expect(lying.at(-1), `step ${step}`).toEqual(names);
    expect(readdirSync(at.root).filter((name) => name.endsWith('.setting-aside'))).toEqual([]);
    for (const name of asideIn(at))
      if (existsSync(join(at.root, name, 'replica.key')))
        expect(readFileSync(join(at.root, name, 'replica.key'))).toEqual(
          readFileSync(join(first.directory, 'replica.key')),
        );
  }
  expect(asWas).toBeGreaterThan(2);
  expect(asWas).toBeLessThan(whole.count());
}, 120_000);

it('STO-18: one that was cut off is finished when it is set aside again, which says where it lies', async () => {
  const at = await damagedHome();
  const options = { directory: at.directory, config: at.config, as: 'kai' };
  const renames = { ...nodeFiles };
  let moved = 0;
  renames.rename = (from, to) => {
    if (basename(from) === 'journal' && moved++ === 1) throw new Error('stopped');
    nodeFiles.rename(from, to);
  };
  await expect(quarantine({ ...options, files: renames })).rejects.toThrow('stopped');
  expect(existsSync(join(at.directory, 'journal'))).toBe(false);
  const again = await quarantine(options);
  expect(again).toMatchObject({ workspace: 'default', report: { ok: true } });
  expect(again.moved).toBe(join(at.root, asideIn(at)[0]!));
});

/** Some messages, of which a peer has the first alone; the directory is damaged as `break_` does. */
async function partlyKnown(break_: (at: Home) => void) {
  const root = scratch();
  const [ana, bo] = [await peer('data', root), await peer('bo', root)];
  const ids: string[] = [];
  const post = async (text: string) =>
    void ids.push((await ana.replica.messages.post('general', { text })).id);
  for (let n = 0; n < 10; n++) await post(`known ${n}`);
  await meet(ana, bo);
  for (let n = 0; n < 400; n++) await post(`mine ${n}`);
  const removed = await ana.replica.messages.post('general', { text: 'to be removed' });
  await ana.replica.messages.redact(removed.id);
  const before = ana.replica.id;
  await ana.reopen();
  await ana.replica.close();
  break_(ana.at);
  const aside = await quarantine({ directory: ana.at.directory, config: ana.at.config, as: 'data' });
  return { ana, bo, ids, before, removed: removed.id, aside };
}

const textsOf = async ({ replica }: Peer): Promise<(string | null)[]> =>
  (await allOf((page) => replica.messages.list('general', page))).map(({ text }) => text);

it('STO-18: operations that no peer has come into the fresh directory, which goes on with it where it was cut off', async () => {
  const { ana, bo, ids, before, removed, aside } = await partlyKnown((at) =>
    writeFileSync(join(at.directory, 'journal', 'HEAD'), 'nothing'),
  );
  expect(aside.salvaged?.damaged).toBe(0);
  expect(aside.salvaged?.operations).toBeGreaterThan(ids.length);
  await expect(
    open(ana.at, {
      progress: ({ stage }) => {
        if (stage === 'taking in what was salvaged') throw new Error('stopped');
      },
    }),
  ).rejects.toThrow('stopped');
  await ana.reopen();
  expect(ana.replica.id).not.toBe(before);
  for (const id of ids) expect((await ana.replica.messages.get(id)).author.handle).toBe('data');
  expect((await ana.replica.messages.get(removed)).text).toBeNull();
  await ana.replica.messages.post('general', { text: 'and on' });
  await meet(ana, bo);
  await equal(ana, bo);
  expect((await textsOf(bo)).filter((text) => text?.startsWith('mine'))).toHaveLength(400);
  const proof = await bo.replica.history(ids.at(-1)!);
  expect(proof.items.map((one) => one.replica)).toEqual([before]);
  await healthy(ana.replica);
  await ana.replica.close();
  const journal = join(ana.at.directory, 'journal');
  // Nothing of it is left over, whatever is removed from now on.
  for (const name of readdirSync(journal).filter((one) => one.endsWith('.ldb')))
    for (const { key } of rowsOfTable(readFileSync(join(journal, name)), () => undefined))
      expect(key.startsWith('salvaged/'), key).toBe(false);
  await ana.reopen();
  await equal(ana, bo);
});

it('STO-18: of a damaged table all that stands beside the damage comes in, and the answer says what did not', async () => {
  const { ana, bo, aside } = await partlyKnown((at) => turnBytes(join(at.directory, 'journal'), /\.ldb$/));
  expect(aside.salvaged?.damaged).toBeGreaterThan(0);
  await ana.reopen();
  // The damage may hit an operation that others stand on, which the peer still has: the channel, the member.
  await meet(ana, bo);
  const mine = (await textsOf(ana)).filter((text) => text?.startsWith('mine'));
  expect(mine.length).toBeGreaterThan(300);
  await equal(ana, bo);
});
