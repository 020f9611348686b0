import { describe, expect, it } from 'vitest';
import { openPackages } from '../../../relay/sealed/packages.ts';
import { createMemoryStore } from '../../../src/storage/store/memory.ts';

describe('packages of tickets', () => {
  it('SLD-38: one that is over is said to be, without what it held; after a month it is none', async () => {
    const clock = { now: 1_000_000 };
    const store = createMemoryStore();
    const packages = await openPackages({ store, now: () => clock.now });
    await packages.put('id', 'mailbox', { sealed: 'secrets', expires: clock.now + 1_000 });
    clock.now += 1_000;
    await packages.sweep();
    await expect(packages.get('id')).rejects.toMatchObject({ code: 'ticket_expired' });
    const rows: string[] = [];
    for await (const [, value] of store.scan({ gte: 'p/', lt: 'p0' }))
      rows.push(Buffer.from(value).toString('utf8'));
    expect(rows).toHaveLength(1);
    expect(rows.join()).not.toContain('secrets');
    clock.now += 31 * 24 * 60 * 60 * 1000;
    await packages.sweep();
    expect(await packages.get('id')).toBeUndefined();
  });
});
