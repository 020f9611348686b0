import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { healthy, home, open, refused, reopen } from './support/open.ts';

/** Files below a directory whose bytes hold the text, in UTF-8 or UTF-16. */
function holding(directory: string, text: string): string[] {
  const needles = [Buffer.from(text, 'utf8'), Buffer.from(text, 'utf16le')];
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      const bytes = readFileSync(path);
      return needles.some((needle) => bytes.includes(needle));
    });
}

const canary = 'xyzzycanarybird';

describe('REP-17 a redaction', () => {
  it('leaves the text in no file, once purged, and every signature valid', async () => {
    const at = home();
    let kai = await open(at);
    for (let i = 0; i < 30; i++) await kai.messages.post('general', { text: `around ${i}` });
    const message = await kai.messages.post('general', { text: `${canary} one` });
    await kai.messages.edit(message.id, { text: `${canary} two` });
    const task = await kai.tasks.create({ title: `${canary} title`, description: `${canary} description` });
    await kai.tasks.update(task.id, { criteria: `${canary} criteria` });
    const comment = await kai.tasks.comment(task.id, { text: `${canary} comment` });
    const memory = await kai.memory.remember({ title: `${canary} m`, text: `${canary} memory`, key: 'k' });
    await kai.memory.update('k', { text: `${canary} memory 2` });
    expect((await kai.search({ q: canary })).results.length).toBeGreaterThan(0);
    // On disk in every form first: checkpointed, and in the index.
    await kai.compact();
    kai = await reopen(kai, at);
    expect((await kai.search({ q: canary })).results.length).toBeGreaterThan(0);
    await kai.close();
    expect(holding(at.directory, canary).length).toBeGreaterThan(0);
    kai = await open(at);
    const { digest } = await kai.status();
    for (const { id } of [message, task, comment, memory]) await kai.messages.redact(id);
    expect((await kai.status()).digest).not.toBe(digest);
    await kai.compact();
    await healthy(kai);
    expect((await kai.search({ q: canary })).results).toEqual([]);
    await kai.close();
    expect(holding(at.directory, canary)).toEqual([]);
    kai = await open(at);
    await healthy(kai);
    expect(await kai.messages.get(message.id)).toMatchObject({
      text: null,
      removed: { by: { handle: 'kai' } },
    });
    expect(await kai.tasks.get(task.id)).toMatchObject({ title: null, description: null, criteria: null });
    expect(await kai.memory.get('k')).toMatchObject({ text: null, title: null });
    expect((await kai.messages.list('general', { limit: 100 })).items).toHaveLength(31);
    expect(JSON.stringify(await kai.activity({ limit: 1000, each: true }))).not.toContain(canary);
  });

  it('is finished at the next opening where the replica was closed before its purge', async () => {
    const at = home();
    let kai = await open(at);
    const message = await kai.messages.post('general', { text: canary });
    await kai.compact();
    await kai.messages.redact(message.id);
    await kai.close();
    kai = await open(at);
    await kai.compact();
    await kai.close();
    expect(holding(at.directory, canary)).toEqual([]);
  });

  it('takes the text of edits that were on their way at the same time, or refuses them', async () => {
    const at = home();
    const kai = await open(at);
    const message = await kai.messages.post('general', { text: `${canary} 0` });
    const edits = Array.from({ length: 10 }, (_, i) =>
      kai.messages.edit(message.id, { text: `${canary} ${i + 1}` }).catch((error: unknown) => error),
    );
    const redacted = kai.messages.redact(message.id);
    const late = Array.from({ length: 5 }, () =>
      refused(kai.messages.edit(message.id, { text: canary }), 'redacted'),
    );
    await Promise.all([...edits, redacted]);
    await Promise.allSettled(late);
    await refused(kai.messages.edit(message.id, { text: canary }), 'redacted');
    expect(JSON.stringify(await kai.history(message.id, { limit: 1000 }))).not.toContain(canary);
    expect((await kai.messages.get(message.id)).text).toBeNull();
    await kai.compact();
    await healthy(kai);
    await kai.close();
    expect(holding(at.directory, canary)).toEqual([]);
  });

  it('of a message in a cold segment reaches its checkpoint', async () => {
    const at = home();
    let kai = await open(at);
    const message = await kai.messages.post('general', { text: canary });
    await Promise.all(
      Array.from({ length: 1010 }, (_, i) => kai.messages.post('general', { text: `m${i}` })),
    );
    await kai.compact();
    kai = await reopen(kai, at);
    await kai.messages.redact(message.id);
    await kai.compact();
    await healthy(kai);
    await kai.close();
    expect(holding(at.directory, canary)).toEqual([]);
  });
});
