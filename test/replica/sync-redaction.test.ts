import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { healthy } from './support/open.ts';
import { asTexts, asUpdate } from './sync/hand.ts';
import { documentsOf, equal, meet, type Peer, peers, pull, pullByKey, session } from './sync/support.ts';
import { couple, newcomer } from './sync/team.ts';

const canary = 'xyzzycanarybird';

/** Files below a directory whose bytes hold the text. */
function holding({ at }: Peer, text = canary): string[] {
  const needle = Buffer.from(text, 'utf8');
  return readdirSync(at.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(needle));
}

async function gone(...all: readonly Peer[]): Promise<void> {
  for (const one of all) {
    for (const document of await documentsOf(one))
      for (const [, text] of await one.source.entries(
        document,
        (await one.source.keys(document)).map(([key]) => key),
      ))
        expect(text).not.toContain(canary);
    await one.replica.compact();
    await healthy(one.replica);
    await one.replica.close();
    expect(holding(one), one.name).toEqual([]);
    await one.reopen();
    expect(JSON.stringify(await one.replica.activity({ limit: 500, each: true }))).not.toContain(canary);
    expect((await one.replica.search({ q: canary })).results).toEqual([]);
  }
}

/** Two replicas in step, with a message of the one, edited by it. */
async function two() {
  const [ana, bo] = await couple();
  const message = await ana.replica.messages.post('general', { text: `${canary} 1` });
  await ana.replica.messages.edit(message.id, { text: `${canary} 2` });
  await bo.replica.messages.post('general', { text: 'other' });
  await meet(ana, bo);
  return { ana, bo, message };
}

describe('REP-31 a removal', () => {
  it('made elsewhere takes the text from rows, documents, index and disk', async () => {
    const { ana, bo, message } = await two();
    await ana.replica.messages.redact(message.id);
    await pull(ana, bo);
    expect(await bo.replica.messages.get(message.id)).toMatchObject({ text: null });
    await meet(ana, bo);
    await equal(ana, bo);
    await gone(ana, bo);
  });

  it('takes edits and copies that come after it', async () => {
    const { ana, bo, message } = await two();
    await ana.replica.messages.redact(message.id);
    // Made apart from the removal, and heard after it.
    await bo.replica.as('ana').messages.edit(message.id, { text: `${canary} 3` });
    const [cai] = await peers(['cai'], undefined, ana.at.root);
    if (!cai) throw new Error('no peer');
    await pull(bo, cai);
    expect((await cai.replica.messages.get(message.id)).text).toContain(canary);
    // The removal first, then what bo holds of it.
    const [dan] = await peers(['dan'], undefined, ana.at.root);
    if (!dan) throw new Error('no peer');
    await pull(ana, dan);
    await pull(bo, dan);
    expect((await dan.replica.messages.get(message.id)).text).toBeNull();
    await meet(ana, bo, cai, dan);
    await equal(ana, bo, cai, dan);
    await gone(ana, bo, cai, dan);
  });

  it('takes a copy in another segment and one that comes by key', async () => {
    const { ana, bo, message } = await two();
    const { id } = await ana.replica.channels.get('general');
    const first = `log/channel.${id}/1`;
    const keys = (await ana.source.keys(first)).map(([key]) => key);
    const entries = await ana.source.entries(first, keys);
    await ana.replica.messages.redact(message.id);
    await pull(ana, bo);
    // A replica that rolled earlier had it in its second segment.
    expect(await bo.source.take(`log/channel.${id}/2`, entries, session())).toMatchObject({ ok: true });
    expect(await bo.source.take(first, entries, session())).toMatchObject({ ok: true });
    expect((await bo.replica.messages.list('general')).items).toHaveLength(2);
    await meet(ana, bo);
    await equal(ana, bo);
    await gone(ana, bo);
  });

  it('of an edit and of nothing takes nothing, and neither does one that may not', async () => {
    const { ana, bo, message } = await two();
    const { eve, admission, member } = await newcomer(ana, (await bo.replica.members.get('ana')).base);
    await bo.source.take('log/members/1', asTexts(admission, member), session());
    const { id } = await ana.replica.channels.get('general');
    const redact = await eve.make({
      log: `channel.${id}`,
      type: 'redact',
      subject: message.id,
      member: eve.member('eve'),
      after: message.base,
      members: [member.hash],
    });
    await bo.source.receive(`log/channel.${id}/1`, asUpdate(redact), session());
    expect((await bo.replica.status()).counts.rejected).toBe(1);
    await meet(ana, bo);
    await equal(ana, bo);
    expect((await ana.replica.messages.get(message.id)).text).toBe(`${canary} 2`);
  });

  it('that is claimed and not known waits for the text, and it comes back from whoever has it', async () => {
    const { ana, bo, message } = await two();
    const { id } = await ana.replica.channels.get('general');
    const document = `log/channel.${id}/1`;
    const [cai] = await peers(['cai'], undefined, ana.at.root);
    if (!cai) throw new Error('no peer');
    const entries = await ana.source.entries(
      document,
      (await ana.source.keys(document)).map(([key]) => key),
    );
    await pull(ana, cai);
    const [eve] = await peers(['eve'], undefined, ana.at.root);
    if (!eve) throw new Error('no peer');
    const stripped = entries.map(([key, text]): [string, string] => {
      const { body: _, ...entry } = JSON.parse(text) as { body?: unknown };
      return [key, JSON.stringify({ ...entry, redacted: message.id })];
    });
    for (const log of ['members'])
      await eve.source.take(
        `log/${log}/1`,
        await ana.source.entries(
          `log/${log}/1`,
          (await ana.source.keys(`log/${log}/1`)).map(([key]) => key),
        ),
        session(),
      );
    await eve.source.take(document, stripped, session());
    expect((await eve.replica.status()).counts.waiting).toBeGreaterThan(0);
    await pullByKey(ana, eve);
    expect((await eve.replica.status()).counts.waiting).toBe(0);
    expect((await eve.replica.messages.get(message.id)).text).toBe(`${canary} 2`);
    await meet(ana, bo, cai, eve);
    await equal(ana, bo, cai, eve);
  });
});

it('REP-31 a removal whose copies were not taken out before a crash is finished at the next opening', async () => {
  const { ana, bo, message } = await two();
  await ana.replica.messages.redact(message.id);
  const before = bo.updates.length;
  await pull(ana, bo);
  expect(bo.updates.length).toBeGreaterThan(before);
  await bo.reopen();
  await bo.replica.compact();
  await gone(bo);
});
