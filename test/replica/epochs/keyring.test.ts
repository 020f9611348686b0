import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Keyring } from '../../../src/replica/epochs/keyring.ts';
import { quarantine } from '../../../src/replica/upkeep/quarantine.ts';
import { allOf } from '../support/open.ts';
import { meet, type Peer, peers } from '../sync/support.ts';

const ringOf = ({ source }: Peer): Keyring => source.keyring;
const idsOf = async ({ replica }: Peer): Promise<string> => replica.id;

/** Replicas of one user, of whom ana made the workspace, and is its owner once she wrote something. */
async function team(names: readonly string[]): Promise<Peer[]> {
  const all = await peers(names);
  for (const { replica } of all) await replica.messages.post('general', { text: 'hello' });
  return all;
}

/** Resolves once the keyring is as wanted. */
function until(peer: Peer, is: (ring: Keyring) => boolean): Promise<void> {
  const ring = ringOf(peer);
  return new Promise((resolve) => {
    const stop = ring.onChange(look);
    function look(): void {
      if (!is(ring)) return;
      stop();
      resolve();
    }
    look();
  });
}

it('SLR-6: an epoch is begun where sealed remotes are used, and each replica in force opens its secret', async () => {
  const [ana, bo] = await team(['ana', 'bo']);
  await meet(ana!, bo!);
  expect(ringOf(ana!).current()).toBeUndefined();
  ringOf(bo!).use();
  ringOf(ana!).use();
  await until(ana!, (ring) => ring.current() !== undefined);
  await meet(ana!, bo!);
  await until(bo!, (ring) => ring.current() !== undefined);
  expect(ringOf(bo!).current()).toEqual(ringOf(ana!).current());
  expect(ringOf(bo!).founding()).toEqual(ringOf(ana!).founding());
  await bo!.reopen();
  await until(bo!, (ring) => ring.current() !== undefined);
  expect(ringOf(bo!).current()).toEqual(ringOf(ana!).current());
});

it('SLR-7: after a revocation what is written is sealed in another epoch, of which the revoked learns nothing', async () => {
  const [ana, bo, cy] = await team(['ana', 'bo', 'cy']);
  await meet(ana!, bo!, cy!);
  for (const one of [ana!, bo!]) ringOf(one).use();
  await until(ana!, (ring) => ring.current() !== undefined);
  const before = ringOf(ana!).current()!;
  await meet(ana!, bo!, cy!);
  await until(cy!, (ring) => ring.current()?.id === before.id);
  await ana!.replica.replicas.revoke(await idsOf(cy!));
  await until(ana!, (ring) => (ring.current()?.id ?? before.id) !== before.id);
  await meet(ana!, bo!);
  await until(bo!, (ring) => (ring.current()?.id ?? before.id) !== before.id);
  const after = ringOf(ana!).current()!;
  expect(ringOf(bo!).current()).toEqual(after);
  expect(ringOf(bo!).founding()).toEqual(before);
  // It may hear of the operation itself, by any way.
  const { pull } = await import('../sync/support.ts');
  await pull(ana!, cy!);
  expect(ringOf(cy!).current()).toBeUndefined();
  expect(ringOf(cy!).lacking()).toEqual([after.id]);
  expect(ringOf(ana!).share(await idsOf(cy!))).toBeUndefined();
  const proof = await allOf((page) => ana!.replica.replicas.list(page));
  expect(proof.filter(({ revoked }) => revoked).map(({ id }) => id)).toEqual([await idsOf(cy!)]);
});

it('SLR-8: who came in later is given the secrets by a letter, and a letter that says something else gives nothing', async () => {
  const [ana, bo] = await team(['ana', 'bo']);
  ringOf(ana!).use();
  await until(ana!, (ring) => ring.current() !== undefined);
  await meet(ana!, bo!);
  expect(ringOf(bo!).lacking()).toHaveLength(1);
  const letter = ringOf(ana!).share(await idsOf(bo!))!;
  const other = letter.slice();
  other[60] = (other[60] ?? 0) ^ 1;
  expect(await ringOf(bo!).take(other)).toBe(0);
  expect(await ringOf(ana!).take(letter)).toBe(0);
  expect(await ringOf(bo!).take(letter)).toBe(1);
  expect(await ringOf(bo!).take(letter)).toBe(0);
  expect(ringOf(bo!).current()).toEqual(ringOf(ana!).current());
});

it('SLR-13: secrets outlive a damaged directory, though they were sealed to the key that is given up', async () => {
  const [ana] = await team(['ana']);
  ringOf(ana!).use();
  await until(ana!, (ring) => ring.current() !== undefined);
  const [before, epoch] = [ana!.replica.id, ringOf(ana!).current()];
  await ana!.replica.close();
  writeFileSync(join(ana!.at.directory, 'journal', 'HEAD'), 'nothing');
  const { directory, config } = ana!.at;
  expect((await quarantine({ directory, config, as: 'ana' })).moved).not.toBeNull();
  await ana!.reopen();
  expect(ana!.replica.id).not.toBe(before);
  await until(ana!, (ring) => ring.founding() !== undefined);
  expect(ringOf(ana!).founding()).toEqual(epoch);
  expect(ringOf(ana!).lacking()).toEqual([]);
});

it('SLR-13: the doctor says which replica lacks secrets, where sealed remotes are used', async () => {
  const [ana, bo] = await team(['ana', 'bo']);
  const found = async (): Promise<string | undefined> =>
    (await bo!.replica.doctor()).findings.find(({ what }) => what === 'key epochs')?.state;
  ringOf(ana!).use();
  await until(ana!, (ring) => ring.current() !== undefined);
  // The epoch began before ana knew of bo, so that its secret is not sealed to bo.
  await meet(ana!, bo!);
  expect(ringOf(bo!).lacking()).toHaveLength(1);
  expect(await found()).toBe('ok');
  ringOf(bo!).use();
  expect(await found()).toBe('warning');
  await ringOf(bo!).take(ringOf(ana!).share(bo!.replica.id)!);
  expect(await found()).toBe('ok');
});
