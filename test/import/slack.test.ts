import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isDraft } from '../../src/import/draft.ts';
import { slackImporter } from '../../src/import/slack.ts';
import { collect, failure, run, temporary, writeFiles } from './support/files.ts';
import { memorySink } from './support/sink.ts';
import { slackExport } from './support/slack.ts';
import { writeZip, type ZipEntry } from './support/zip.ts';

async function directoryOf(files: Record<string, unknown>): Promise<string> {
  const directory = await temporary();
  await writeFiles(directory, files);
  return directory;
}

const zipped = (files: Record<string, unknown>, prefix = ''): ZipEntry[] =>
  Object.entries(files).map(([name, content]) => ({
    name: prefix + name,
    content: JSON.stringify(content),
    deflate: true,
  }));

const imported = async (files: Record<string, unknown> = slackExport) =>
  run(slackImporter(await directoryOf(files)));

describe('import slack', () => {
  it('makes members with handles of the grammar, each its own, and keeps their names', async () => {
    const { sink } = await imported();
    const members = sink
      .ofType('member.create')
      .map(({ draft, data }) => [
        draft.ref,
        data['handle'],
        data['kind'],
        draft.body?.['name']?.slice(0, 12),
      ]);
    expect(members).toEqual([
      ['slack:user:U1', 'kai', 'human', 'Kai K'],
      ['slack:user:U2', 'zoe', 'human', 'Zoë'],
      ['slack:user:U3', 'zoe-ops', 'agent', 'Zoe/Ops'],
      ['slack:user:U4', 'u4', 'human', 'λων'],
      ['slack:user:U5', 'here-2', 'human', 'A long long '],
      ['slack:user:B7', 'b7', 'agent', 'B7'],
      ['slack:user:U7', 'u7', 'human', 'U7'],
    ]);
  });

  it('puts a channel named as a default into it, and makes the others', async () => {
    const { sink, summary } = await imported();
    const channels = sink
      .ofType('channel.create')
      .map(({ draft, data }) => [draft.ref, data['name'], draft.body]);
    expect(channels).toEqual([
      ['slack:C2', 'front_end', { topic: 'Pages & forms' }],
      ['slack:G1', 'dev-private', undefined],
      ['slack:D1', 'dm-kai-zoe', undefined],
    ]);
    expect(sink.bySource('slack:C1:1600000000.000200')?.draft.log).toEqual({
      kind: 'channel',
      channel: { $ref: 'default:general' },
    });
    expect(sink.bySource('slack:D1')?.data['direct']).toHaveLength(2);
    expect(summary.setAside.filter(({ what }) => what === 'channel').map(({ source }) => source)).toEqual([
      'slack:C1',
      'slack:G1',
      'slack:D1',
    ]);
  });

  it('writes messages in order of time, with their own time and author', async () => {
    const { sink } = await imported();
    const inGeneral = sink.ofType('message.create').filter(({ draft }) => draft.ref.startsWith('slack:C1:'));
    expect(inGeneral.map(({ draft }) => [draft.body?.['text'], draft.imported.at])).toEqual([
      ['early', 1599999999000],
      ['hello @zoe and @U9, @here', 1600000000000],
    ]);
    expect(inGeneral[1]?.data['mentions']).toEqual([sink.bySource('slack:user:U2')?.id, 'here']);
    expect(inGeneral[1]?.draft.imported.author).toEqual({ $ref: 'slack:user:U1' });
  });

  it('keeps threads, and writes a reply without its first message plainly', async () => {
    const { sink, summary } = await imported();
    const root = sink.bySource('slack:C2:1600000000.000100');
    const reply = sink.bySource('slack:C2:1600000100.000100');
    expect(reply?.data).toEqual({ thread: root?.id, answers: root?.id });
    expect(sink.bySource('slack:C2:1600000200.000100')?.data).toEqual({});
    expect(summary.setAside.filter(({ what }) => what === 'thread')).toHaveLength(1);
    expect(summary.written['threads']).toBe(1);
  });

  it('keeps code, files, reactions, pins and what bots attach', async () => {
    const { sink, summary } = await imported();
    const root = sink.bySource('slack:C2:1600000000.000100');
    expect(root?.draft.body).toEqual({ text: 'see \n```\nx < 1\ny\n```' });
    expect(root?.data['files']).toEqual([
      { name: 'plan.pdf', url: 'https://files.example.com/plan.pdf', bytes: 1234, mime: 'application/pdf' },
    ]);
    const reactions = sink.ofType('message.react').map(({ draft }) => draft.ref);
    expect(reactions).toEqual([
      'slack:C2:1600000000.000100:reaction:+1:slack:user:U2',
      'slack:C2:1600000000.000100:reaction:+1:slack:user:U3',
    ]);
    expect(summary.setAside.filter(({ what }) => what === 'reaction')).toHaveLength(2);
    expect(summary.setAside.filter(({ what }) => what === 'file')).toHaveLength(2);
    expect(sink.ofType('message.pin')[0]?.draft.imported).toEqual({
      at: 1600000500000,
      source: 'slack:C2:1600000000.000100:pin',
      author: { $ref: 'slack:user:U2' },
    });
    expect(sink.bySource('slack:C2:1600000010.000000')?.draft.body?.['text']).toBe(
      '> [Build 7](https://ci.example.com/7)\n> passed',
    );
    expect(sink.bySource('slack:C2:1600000011.000000')?.draft.body?.['text']).toBe('_nods_');
    expect(sink.stored.at(-1)?.draft.type).not.toBe('channel.update');
    expect(sink.ofType('channel.update')[0]?.data).toEqual({ archived: true });
  });

  it('lists everything that is not written as it stood', async () => {
    const { summary } = await imported();
    const messages = summary.setAside.filter(({ what }) => what === 'message');
    expect(messages.map(({ source, reason }) => [source, reason.split(':')[0]])).toEqual([
      ['slack:C1:1600000001.000100', 'channel_join'],
      ['slack:C2:1600000012.000000', 'holds neither text nor file'],
      ['slack:C2:1600000013.000000', 'names no author'],
      ['slack:C2:1600000100.000100', 'stands in the export twice'],
    ]);
    expect(summary.read['messages']).toBe((summary.written['messages'] ?? 0) + messages.length);
    expect(summary.setAside.find(({ what }) => what === 'mention')?.source).toBe('slack:user:U9');
  });

  it('adds nothing the second time, also from an archive of another name', async () => {
    const { sink } = await imported();
    const before = sink.stored.length;
    const path = join(await temporary(), 'other.zip');
    await writeZip(path, zipped(slackExport, 'nested/'));
    const { summary } = await run(slackImporter(path), sink);
    expect(summary.written).toEqual({});
    expect(summary.present['messages']).toBeGreaterThan(5);
    expect(sink.stored.length).toBe(before);
  });

  it('splits a text that is too long for one message', async () => {
    const text = `${'é'.repeat(20_000)}\n${'x'.repeat(40_000)}`;
    const { sink } = await imported({
      ...slackExport,
      'general/2020-09-13.json': [{ user: 'U1', text, ts: '1600000000.000200' }],
    });
    const parts = sink.ofType('message.create').filter(({ draft }) => draft.ref.startsWith('slack:C1:'));
    expect(parts.map(({ draft }) => draft.body?.['text']).join('')).toBe(text);
    expect(parts[1]?.data['thread']).toBe(parts[0]?.id);
  });

  it('keeps the header small: further files stand in the text', async () => {
    const files = Array.from({ length: 60 }, (_, i) => ({
      name: `file ${i}`,
      permalink: `https://files.example.com/${'x'.repeat(100)}/${i}`,
    }));
    const { sink } = await imported({
      ...slackExport,
      'general/2020-09-13.json': [{ user: 'U1', text: 'all', files, ts: '1600000000.000200' }],
    });
    const message = sink.bySource('slack:C1:1600000000.000200');
    const links = message?.data['files'] as unknown[];
    expect(JSON.stringify(links).length).toBeLessThan(3200);
    expect(message?.draft.body?.['text']?.split('\n').length).toBe(61 - links.length);
  });

  it.each([
    ['channels.json', '[{'],
    ['users.json', { ok: false }],
    ['general/2020-09-13.json', '[{"user":"U1","text":"x","ts":"yesterday"}]'],
    ['general/2020-09-13.json', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])],
  ])('refuses a broken %s before it writes anything, naming it', async (file, content) => {
    const directory = await directoryOf({ ...slackExport, [file]: content });
    const sink = memorySink();
    const answer = await failure(run(slackImporter(directory), sink));
    expect(answer).toMatchObject({ code: 'import_invalid', message: expect.stringContaining(file) });
    expect(sink.stored).toEqual([]);
  });

  it('refuses what is no Slack export', async () => {
    const answer = await failure(collect(slackImporter(await directoryOf({ 'notes.txt': 'hello' }))));
    expect(answer).toMatchObject({
      code: 'import_invalid',
      message: expect.stringContaining('channels.json'),
    });
  });

  it('yields drafts that refer to earlier ones only', async () => {
    const seen = new Set(['default:general']);
    for (const item of await collect(slackImporter(await directoryOf(slackExport)))) {
      if (!isDraft(item)) continue;
      for (const [, name] of JSON.stringify(item).matchAll(/"\$ref":"([^"]+)"/g))
        expect(seen).toContain(name);
      seen.add(item.ref);
    }
  });
});
