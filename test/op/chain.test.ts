import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Entry, Header } from '../../schemas/index.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { checkChain } from '../../src/op/index.ts';
import { type Chain, chainFrom, channel, type Made, member, messages } from './sample.ts';

const length = 24;
let chain: Chain;
let made: Made[];
let second: Entry;

beforeAll(async () => {
  chain = chainFrom(21);
  made = await messages(chain, length);
  const stranger = chainFrom(22);
  second = (await stranger.make()).entry;
});

const check = (entries: Iterable<Entry>) => checkChain(nodeCrypto, entries, chain.signer.publicKey);
const entries = (): Entry[] => made.map((each) => each.entry);
const hashes = (from: readonly Made[] = made): string[] => from.map((each) => each.hash);
const at = (seq: number): Made => made[seq - 1] as Made;

/** Every number once, from runs. */
const numbers = (runs: readonly { seq: number; to: number }[]): number[] =>
  runs.flatMap(({ seq, to }) => Array.from({ length: to - seq + 1 }, (_, i) => seq + i));

describe('bulk check by chain', () => {
  test('OP-21 a whole chain in any order costs one signature check', async () => {
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(entries(), { minLength: length }), async (shuffled) => {
        expect(await check(shuffled)).toEqual({ ok: hashes(), bad: [], forks: [], gaps: [], verified: 1 });
      }),
      { numRuns: 20 },
    );
    expect(await check([])).toEqual({ ok: [], bad: [], forks: [], gaps: [], verified: 0 });
  });

  test('OP-21 OP-23 finds every tampered and every missing operation, and nothing else', async () => {
    const fate = fc.constantFrom('keep', 'keep', 'keep', 'header', 'body', 'missing');
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { minLength: length, maxLength: length }), async (fates) => {
        const given: Entry[] = [];
        const kept: Made[] = [];
        const tampered: Entry[] = [];
        made.forEach((each, i) => {
          const { entry } = each;
          if (fates[i] === 'keep') {
            given.push(entry);
            kept.push(each);
          } else if (fates[i] !== 'missing') {
            const forged =
              fates[i] === 'header'
                ? { ...entry, header: { ...entry.header, after: [channel] } }
                : { ...entry, body: { ...entry.body, salt: member } };
            given.push(forged);
            tampered.push(forged);
          }
        });
        const report = await check(given);
        expect(report.ok).toEqual(hashes(kept));
        expect(new Set(report.bad.map((each) => each.entry))).toEqual(new Set(tampered));
        expect(report.forks).toEqual([]);
        const top = kept.at(-1)?.entry.header.seq ?? 0;
        const here = new Set(kept.map((each) => each.entry.header.seq));
        const missing = Array.from({ length: top }, (_, i) => i + 1).filter((seq) => !here.has(seq));
        expect(numbers(report.gaps)).toEqual(missing);
      }),
      { numRuns: 100 },
    );
  });

  test('OP-21 what a forged header names must prove itself', async () => {
    // A forged head that names a forged operation: neither is proven, the true ones below are.
    const forge = (seq: number, change: Partial<Header>): Entry => {
      const { entry } = at(seq);
      return { ...entry, header: { ...entry.header, ...change } };
    };
    const forged = [forge(10, { after: [member] }), forge(11, { after: [member] })];
    const report = await check([...entries().slice(0, 9), ...forged]);
    expect(report.ok).toEqual(hashes(made.slice(0, 9)));
    expect(report.bad.map((each) => each.reason)).toEqual(['signature', 'signature']);
    expect(report.verified).toBe(3);
  });

  test('OP-21 entries of another replica, log or workspace, and what is no entry', async () => {
    const elsewhere = await chain.branch(at(4), { log: `channel.${member}` });
    const abroad = await chain.branch(at(4), { workspace: member });
    const nonsense = { header: {}, sig: '' } as unknown as Entry;
    const report = await check([nonsense, elsewhere.entry, abroad.entry, second, ...entries()]);
    expect(report.ok).toEqual(hashes());
    expect(report.bad.map((each) => each.reason)).toEqual(['form', 'replica', 'log', 'log']);
    const keyless = await checkChain(nodeCrypto, entries(), 'no key');
    expect(keyless).toMatchObject({ ok: [], verified: 0 });
    expect(new Set(keyless.bad.map((each) => each.reason))).toEqual(new Set(['replica']));
  });

  test('OP-21 the genesis stands in its own workspace', async () => {
    const founder = chainFrom(30, 'members');
    const genesis = await founder.make({
      type: 'workspace.genesis',
      workspace: '',
      member: undefined,
      body: undefined,
    });
    const next = [
      await founder.make({ workspace: genesis.hash }),
      await founder.make({ workspace: genesis.hash }),
    ];
    const all = [genesis, ...next];
    const report = await checkChain(
      nodeCrypto,
      all.map((each) => each.entry),
      founder.signer.publicKey,
    );
    expect(report).toEqual({ ok: hashes(all), bad: [], forks: [], gaps: [], verified: 1 });
  });

  test('OP-20 numbers that do not follow their prev', async () => {
    const skipping = await chain.branch(at(length), { seq: length + 2 });
    const report = await check([...entries(), skipping.entry]);
    expect(report.ok).toEqual(hashes());
    expect(report.bad).toEqual([{ hash: skipping.hash, entry: skipping.entry, reason: 'chain' }]);
    const rootless = await chain.branch(undefined, { seq: 3 });
    expect((await check([rootless.entry])).bad[0]?.reason).toBe('chain');
  });

  test('OP-22 forks: both branches stay, the higher hash is named', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: length - 1 }),
        fc.integer({ min: 1, max: 3 }),
        async (from, size) => {
          const branch: Made[] = [];
          for (let before = made[from - 1], i = 0; i < size; i++) {
            before = await chain.branch(before, { body: { text: `other ${from} ${i}` } });
            branch.push(before);
          }
          const report = await check([...entries(), ...branch.map((each) => each.entry)]);
          const [first, fork] = [hashes()[from] ?? '', branch[0]?.hash ?? ''].sort();
          expect(report.forks).toEqual([
            { prev: hashes()[from - 1] ?? '', hashes: [first, fork], higher: fork },
          ]);
          expect(new Set(report.ok)).toEqual(new Set([...hashes(), ...hashes(branch)]));
          expect(report.bad).toEqual([]);
          expect(report.gaps).toEqual([]);
          expect(report.verified).toBe(2);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('OP-23 a missing prev of another branch is a gap though its number is here', async () => {
    const one = await chain.branch(at(4), { body: { text: 'one' } });
    const two = await chain.branch(one, { body: { text: 'two' } });
    const report = await check([...entries(), two.entry]);
    expect(report.gaps).toEqual([{ seq: 5, to: 5 }]);
    expect(report.bad).toEqual([]);
  });

  test('OP-22 two entries of one header count once: the one whose signature holds', async () => {
    const twin = { ...at(7).entry, sig: at(8).entry.sig };
    for (const given of [
      [twin, ...entries()],
      [...entries(), twin],
    ]) {
      const report = await check(given);
      expect(report.ok).toEqual(hashes());
      expect(report.bad).toEqual([{ hash: at(7).hash, entry: twin, reason: 'signature' }]);
    }
    // The same entry twice, and one without its body, are one.
    const { body: _, ...bare } = at(7).entry;
    expect(await check([...entries(), bare, at(9).entry])).toMatchObject({
      ok: hashes(),
      bad: [],
      verified: 1,
    });
  });
});
