import { generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Hash } from '../../../schemas/index.ts';
import { toBase64url } from '../../../src/op/index.ts';
import {
  createHeads,
  type Heads,
  statedEvery,
  type WatchOptions,
} from '../../../src/seal/link/heads/heads.ts';
import { statedDocuments } from '../../../src/seal/link/heads/statement.ts';
import { patience } from '../../../src/seal/link/heads/watch.ts';
import { createClock } from '../../simulation/clock.ts';

const bytes = (text: string): string =>
  toBase64url(new Uint8Array(32).fill(text.charCodeAt(0)).fill(text.length, 1, 2));
const workspace = 'w'.repeat(26);
const at = { relay: bytes('relay'), mailbox: bytes('mailbox'), incarnation: bytes('incarnation') };

/** Replicas that hear each other where they are linked, and have no relay. */
function team(names: readonly string[], said: readonly (readonly [string, string])[]) {
  const clock = createClock(3);
  const pairs = new Map<Hash, { publicKey: KeyObject; privateKey: KeyObject; key: string }>();
  const known = new Set<Hash>();
  const revoked = new Set<Hash>();
  const all = new Map<
    string,
    {
      heads: Heads;
      id: Hash;
      alarms: string[];
      watch(more?: Partial<WatchOptions>): ReturnType<Heads['watch']>;
    }
  >();
  for (const name of names) {
    const pair = generateKeyPairSync('ed25519');
    const key = pair.publicKey.export({ format: 'jwk' }).x ?? '';
    const id = bytes(name)
      .slice(0, 26)
      .toLowerCase()
      .replaceAll(/[^a-z2-7]/g, 'a')
      .replace(/.$/, 'a');
    pairs.set(id, { ...pair, key });
    known.add(id);
    const alarms: string[] = [];
    const heads = createHeads({
      workspace,
      signer: {
        id,
        publicKey: key,
        sign: async (data) => sign(null, data, pair.privateKey).toString('base64url'),
      },
      crypto: {
        verify: async (publicKey, data, sig) => {
          const one = [...pairs.values()].find((other) => other.key === publicKey);
          return one !== undefined && verify(null, data, one.publicKey, Buffer.from(sig, 'base64url'));
        },
      },
      keyOf: (replica) => (known.has(replica) ? pairs.get(replica)?.key : undefined),
      isInForce: (replica) => known.has(replica) && !revoked.has(replica),
      ...clock,
    });
    const watch = (more: Partial<WatchOptions> = {}) =>
      heads.watch({
        ...at,
        alarm: (kind, document, message) => void alarms.push(`${kind} ${document} ${message}`),
        ...more,
      });
    all.set(name, { heads, id, alarms, watch });
  }
  const of = (name: string) => all.get(name)!;
  let session = 0;
  for (const [one, other] of said)
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const mine = ++session;
      of(from).heads.onNew((name) => {
        const statement = of(from).heads.named(name);
        if (statement) void of(to).heads.take(statement, mine);
      });
    }
  return { clock, of, known, revoked };
}

const doc = bytes('document');
const chain = (name: string): string => bytes(`chain${name}`);

describe('signed heads of sealed mailboxes', () => {
  it('SLH-1: a relay that shows replicas different records is forked, also where they hear each other through a third', async () => {
    const { clock, of } = team(
      ['ana', 'bob', 'carol'],
      [
        ['ana', 'bob'],
        ['bob', 'carol'],
      ],
    );
    const [ana, carol] = [of('ana').watch(), of('carol').watch()];
    for (const [offset, name] of [
      [1, 'x'],
      [2, 'xx'],
    ] as const) {
      ana.moved(doc, offset, chain(name));
      carol.moved(doc, offset, chain(name));
    }
    await clock.run(2 * statedEvery);
    expect(of('ana').alarms).toEqual([]);
    expect(of('carol').alarms).toEqual([]);
    ana.moved(doc, 3, chain('xxx'));
    carol.moved(doc, 3, chain('yyyy'));
    await clock.run(2 * statedEvery);
    expect(of('carol').alarms).toEqual([
      `forked ${doc} replica ${of('ana').id} was shown other records up to 3 than this one`,
    ]);
    expect(of('ana').alarms).toHaveLength(1);
    expect(of('bob').alarms).toEqual([]);
    // It is told once a document.
    ana.moved(doc, 4, chain('xxxxx'));
    carol.moved(doc, 4, chain('yyyyyy'));
    await clock.run(2 * statedEvery);
    expect(of('carol').alarms).toHaveLength(1);
  });

  it('SLH-1: what another read before is compared once this replica reads it', async () => {
    const { clock, of } = team(['ana', 'bob'], [['ana', 'bob']]);
    of('ana').watch().moved(doc, 5, chain('x'));
    await clock.run(statedEvery);
    const bob = of('bob').watch();
    bob.moved(doc, 4, chain('xx'));
    expect(of('bob').alarms).toEqual([]);
    bob.moved(doc, 5, chain('yyyy'));
    expect(of('bob').alarms).toEqual([expect.stringMatching(/^forked /)]);
  });

  it('SLH-2: records that another read and the relay does not show here are withheld, once it had its time', async () => {
    const { clock, of } = team(['ana', 'bob'], [['ana', 'bob']]);
    const bob = of('bob').watch();
    bob.caughtUp();
    of('ana').watch().moved(doc, 2, chain('x'));
    await clock.run(statedEvery + patience - 1);
    expect(of('bob').alarms).toEqual([]);
    await clock.run(1);
    expect(of('bob').alarms).toEqual([
      `withheld ${doc} replica ${of('ana').id} read record 2, which is not shown here`,
    ]);
    await clock.run(10 * patience);
    expect(of('bob').alarms).toHaveLength(1);
  });

  it('SLH-2: what is shown in time is not withheld, nor what can not be read yet, nor while the relay is away', async () => {
    const { clock, of } = team(['ana', 'bob'], [['ana', 'bob']]);
    const ana = of('ana').watch();
    const bob = of('bob').watch();
    bob.caughtUp();
    ana.moved(doc, 1, chain('x'));
    await clock.run(patience);
    bob.moved(doc, 1, chain('x'));
    ana.moved(doc, 2, chain('xx'));
    await clock.run(statedEvery);
    bob.shown(doc, 2);
    await clock.run(2 * patience);
    ana.moved(doc, 3, chain('xxx'));
    await clock.run(statedEvery);
    bob.close();
    await clock.run(2 * patience);
    expect(of('bob').alarms).toEqual([]);
    // Met again it is given its time anew.
    const again = of('bob').watch();
    await clock.run(2 * patience);
    again.caughtUp();
    await clock.run(patience - 1);
    expect(of('bob').alarms).toEqual([]);
    await clock.run(1);
    expect(of('bob').alarms).toEqual([expect.stringMatching(/^withheld .* read record 3/)]);
  });

  it('SLH-3: what is not signed by a replica in force, or is of another workspace or incarnation, says nothing', async () => {
    const { clock, of, known, revoked } = team(['ana', 'bob'], []);
    of('ana').watch().moved(doc, 1, chain('x'));
    await clock.run(statedEvery);
    const name = of('ana').heads.names()[0]!;
    const statement = of('ana').heads.named(name)!;
    const bob = of('bob');
    const watch = bob.watch();
    const other = bob.watch({ incarnation: bytes('another') });
    other.moved(doc, 1, chain('zz'));
    const forged = { text: statement.text.replace('"at":', '"at":1'), sig: statement.sig };
    for (const bad of [forged, { text: '{', sig: statement.sig }, { text: '[]', sig: '' }])
      await bob.heads.take(bad, 1);
    revoked.add(of('ana').id);
    await bob.heads.take(statement, 1);
    expect(bob.heads.names()).toEqual([]);
    revoked.clear();
    // Who is not known yet is judged when it is.
    known.delete(of('ana').id);
    await bob.heads.take(statement, 1);
    expect(bob.heads.names()).toEqual([]);
    known.add(of('ana').id);
    bob.heads.look();
    await clock.run(0);
    expect(bob.heads.names()).toEqual([name]);
    watch.moved(doc, 1, chain('yyyy'));
    expect(bob.alarms).toEqual([expect.stringMatching(/^forked/)]);
    revoked.add(of('ana').id);
    bob.heads.look();
    expect(bob.heads.names()).toEqual([]);
  });

  it('SLH-3: a statement names the documents that moved last, and one replica fills no memory', async () => {
    const { clock, of } = team(['ana'], []);
    const { heads, watch } = of('ana');
    const ana = watch();
    const id = (i: number): string => toBase64url(new Uint8Array(32).fill(i));
    for (let i = 0; i < 200; i++) ana.moved(id(i), 1, chain('x'));
    await clock.run(statedEvery);
    const text = heads.named(heads.names()[0]!)!.text;
    expect(text.length).toBeLessThan(16 * 1024);
    const stated = JSON.parse(text) as { documents: [string, number, string][] };
    expect(stated.documents).toHaveLength(statedDocuments);
    expect(stated.documents.at(-1)).toEqual([id(199), 1, chain('x')]);
    for (let i = 0; i < 8; i++) watch({ incarnation: id(i) }).moved(doc, 1, chain('x'));
    await clock.run(statedEvery);
    expect(heads.names()).toHaveLength(4);
  });
});
