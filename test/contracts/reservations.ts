import { describe, expect, it } from 'vitest';
import type { Surface } from '../../src/replica/surface.ts';
import { allOf, refused } from '../replica/support/open.ts';

export type Reserving = Pick<Surface, 'reservations' | 'tasks' | 'messages' | 'history'>;

const ids = ({ items }: { readonly items: readonly { readonly id: string }[] }) => items.map(({ id }) => id);

/** What reservations do at every door. `open` makes a workspace whose first member, an owner, is kai; ann is a member. */
export function reservationsContract(
  open: () => Promise<{ readonly kai: Reserving; readonly ann: Reserving }>,
): void {
  describe('reservations', () => {
    it('RSV-11: both holders are shown the conflict, with a path, and nobody is refused', async () => {
      const { kai, ann } = await open();
      const { short } = await kai.tasks.create({ title: 'Sort the sources' });
      const mine = await kai.reservations.reserve({
        globs: ['src/*/a.ts', 'docs/**', 'src/*/a.ts'],
        ttl: 3_600_000,
        task: short,
        reason: 'they move',
      });
      expect(mine).toMatchObject({
        by: { handle: 'kai' },
        globs: ['src/*/a.ts', 'docs/**'],
        reason: 'they move',
        task: { short },
        state: 'held',
        conflicts: [],
      });
      expect(Date.parse(mine.until) - Date.parse(mine.created)).toBeGreaterThan(3_000_000);
      const theirs = await ann.reservations.reserve({ globs: ['test/**', 'src/b/*.ts'] });
      const [seen] = theirs.conflicts;
      expect(theirs.conflicts).toHaveLength(1);
      expect(seen).toMatchObject({
        id: mine.id,
        by: { handle: 'kai' },
        until: mine.until,
        reason: 'they move',
      });
      expect(seen?.overlaps).toEqual([{ glob: 'src/b/*.ts', with: 'src/*/a.ts', path: 'src/b/a.ts' }]);
      const [back] = (await kai.reservations.get(mine.id)).conflicts;
      expect(back?.overlaps).toEqual([{ glob: 'src/*/a.ts', with: 'src/b/*.ts', path: 'src/b/a.ts' }]);
      const other = await kai.reservations.reserve({ globs: ['src/**'] });
      expect(other.conflicts.map(({ id }) => id)).toEqual([theirs.id]);
      await ann.reservations.release(theirs.id);
      expect((await kai.reservations.get(mine.id)).conflicts).toEqual([]);
    });

    it('lists who holds what: newest first, by holder, by path, of others, and what is over', async () => {
      const { kai, ann } = await open();
      const one = await kai.reservations.reserve({ globs: ['src/**'] });
      const two = await ann.reservations.reserve({ globs: ['docs/*.md'] });
      const three = await kai.reservations.reserve({ globs: ['**/*.md'] });
      const list = async (query?: Parameters<typeof kai.reservations.list>[0]) =>
        ids(await kai.reservations.list(query));
      expect(await list()).toEqual([three.id, two.id, one.id]);
      expect(await list({ holder: 'kai' })).toEqual([three.id, one.id]);
      expect(await list({ others: true })).toEqual([two.id]);
      expect(await list({ others: false })).toEqual([three.id, one.id]);
      expect(await list({ path: 'docs/a.md' })).toEqual([three.id, two.id]);
      expect(await list({ path: 'docs/A/b.ts' })).toEqual([]);
      expect(ids({ items: await allOf((page) => kai.reservations.list(page), 2) })).toEqual([
        three.id,
        two.id,
        one.id,
      ]);
      await kai.reservations.release(one.id);
      expect(await list()).toEqual([three.id, two.id]);
      expect(await list({ state: 'released' })).toEqual([one.id]);
      expect(await list({ state: 'all' })).toEqual([three.id, two.id, one.id]);
      expect(
        ids({ items: await allOf((page) => kai.reservations.list({ state: 'all', ...page }), 1) }),
      ).toEqual([three.id, two.id, one.id]);
      for (const path of ['/src/a.ts', './src/a.ts', 'src//a.ts', ''])
        await refused(kai.reservations.list({ path }), 'invalid');
      await refused(kai.reservations.list({ holder: 'nobody' }), 'not_found');
      await refused(kai.reservations.list({ cursor: 'none' }), 'invalid');
    });

    it('RSV-12: a repeat renews what one holds; a text that is no glob is refused with the column', async () => {
      const { kai } = await open();
      const first = await kai.reservations.reserve({ globs: ['a', 'b'], ttl: 600_000, reason: 'why' });
      const again = await kai.reservations.reserve({ globs: ['b', 'a'], ttl: 3_600_000 });
      expect(again.id).toBe(first.id);
      expect(again.reason).toBe('why');
      expect(Date.parse(again.until)).toBeGreaterThan(Date.parse(first.until) + 2_000_000);
      for (const other of [{ globs: ['a'] }, { globs: ['a', 'b'], reason: 'another' }])
        expect((await kai.reservations.reserve(other)).id).not.toBe(first.id);
      expect((await kai.history(first.id)).items.map(({ type }) => type)).toEqual([
        'reservation.create',
        'reservation.renew',
      ]);
      const error = await refused(kai.reservations.reserve({ globs: ['src/a.ts', 'src/[a'] }), 'invalid');
      expect(error.message).toBe('globs.1: src/[a, column 5: the [ is never closed');
      await refused(kai.reservations.reserve({ globs: [] }), 'invalid');
      await refused(kai.reservations.reserve({ globs: ['a'], ttl: 10 }), 'invalid');
      await refused(kai.reservations.reserve({ globs: ['a'], task: 'kai-99' }), 'not_found');
      const many = Array.from({ length: 50 }, (_, i) => `${i}/${'x'.repeat(240)}`);
      await refused(kai.reservations.reserve({ globs: many }), 'too_large');
    });

    it('RSV-13: what is over, or another’s, is not renewed; releasing twice writes nothing', async () => {
      const { kai, ann } = await open();
      const mine = await ann.reservations.reserve({ globs: ['a'] });
      const longer = await ann.reservations.renew(mine.id, { ttl: 3_600_000 });
      expect(Date.parse(longer.until)).toBeGreaterThan(Date.parse(mine.until));
      await refused(kai.reservations.renew(mine.id), 'forbidden');
      const other = await kai.reservations.reserve({ globs: ['b'] });
      await refused(ann.reservations.release(other.id), 'forbidden');
      const ended = await ann.reservations.release(mine.id);
      expect(ended).toMatchObject({ state: 'released', ended: { by: { handle: 'ann' } } });
      expect(await ann.reservations.release(mine.id)).toEqual(ended);
      expect((await refused(ann.reservations.renew(mine.id), 'not_held')).legal).toEqual(['reserve']);
      // An admin may give back what somebody left behind.
      const left = await ann.reservations.reserve({ globs: ['c'] });
      expect((await kai.reservations.release(left.id)).ended?.by?.handle).toBe('kai');
      for (const id of ['a'.repeat(26), 'nothing']) await refused(kai.reservations.renew(id), 'not_found');
    });

    it('REP-5 a repeated key answers the same reservation, and another request under it is an error', async () => {
      const { kai } = await open();
      const key = { key: 'once' };
      const first = await kai.reservations.reserve({ globs: ['a'] }, key);
      expect((await kai.reservations.reserve({ globs: ['a'] }, key)).base).toEqual(first.base);
      await refused(kai.reservations.reserve({ globs: ['b'] }, key), 'key_reused');
      const renewed = await kai.reservations.renew(first.id, {}, { key: 'again' });
      expect((await kai.reservations.renew(first.id, {}, { key: 'again' })).until).toBe(renewed.until);
    });

    it('its reason is removed by its id', async () => {
      const { kai } = await open();
      const { id } = await kai.reservations.reserve({ globs: ['a'], reason: 'a password' });
      await kai.messages.redact(id);
      expect(await kai.reservations.get(id)).toMatchObject({
        reason: null,
        removed: { by: { handle: 'kai' } },
      });
    });
  });
}
