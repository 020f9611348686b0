import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Node, startNode } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { Presence } from '../../../schemas/index.ts';
import { createClient } from '../../../src/client/index.ts';
import { shared } from '../../support/scratch.ts';
import { ask, follow } from './support.ts';

const data = shared();
const config = shared();
let node: Node;
beforeEach(async () => {
  node = await startNode({ directory: data.path, config: config.path, as: 'kai', port: 0, durability: 'os' });
});
afterEach(async () => {
  await node.close();
  data.remove();
  config.remove();
});

const clientOf = (handle: string) =>
  createClient({ url: node.url, token: tokenOf(data.path, handle), member: handle });

describe('presence over HTTP', () => {
  it('PRS-4: is of the member of the token, and of nobody else', async () => {
    const [kai, rin] = [clientOf('kai'), clientOf('rin')];
    await kai.messages.post('general', { text: 'hello' });
    await rin.messages.post('general', { text: 'hi' });
    expect(await rin.presence.set({ state: 'away' })).toMatchObject({ member: { handle: 'rin' } });
    for (const json of [
      { state: 'working', member: 'kai' },
      { state: 'working', as: 'kai' },
      { state: 'working', replica: 'kai' },
    ])
      expect(
        await ask(`${node.url}/v1/presence`, { method: 'PUT', token: tokenOf(data.path, 'rin'), json }),
      ).toMatchObject({ status: 400 });
    expect((await kai.presence.list()).items.map(({ member, state }) => [member.handle, state])).toEqual([
      ['rin', 'away'],
      ['kai', 'offline'],
    ]);
    expect((await ask(`${node.url}/v1/presence`, { method: 'PUT', json: { state: 'idle' } })).status).toBe(
      401,
    );
  });

  it('PRS-5: on a stream it has a name and no id, by the filters of the stream', async () => {
    const [kai, rin] = [clientOf('kai'), clientOf('rin')];
    await kai.messages.post('general', { text: 'hello' });
    await rin.messages.post('general', { text: 'hi' });
    const token = tokenOf(data.path, 'kai');
    const to = (query: string) => follow(`${node.url}/v1/events${query}`, token);
    const all = await to('');
    const ofRin = await to('?types=presence&members=rin');
    const messages = await to('?types=message.*');
    const channel = await to('?channels=general');
    await kai.presence.set({ state: 'working', note: 'a' });
    await kai.presence.set({ state: 'working', note: 'a' });
    await rin.presence.set({ state: 'idle' });
    await ofRin.until(1);
    const { id } = await kai.messages.post('general', { text: 'later' });
    const [first, second, third] = await all.until(3);
    expect([first, second].map((event) => [event?.event, event?.id])).toEqual([
      ['presence', undefined],
      ['presence', undefined],
    ]);
    expect(Presence.parse(JSON.parse(first?.data ?? ''))).toMatchObject({
      member: { handle: 'kai' },
      state: 'working',
    });
    expect(third).toMatchObject({ event: 'message.create' });
    for (const stream of [messages, channel]) {
      const [event] = await stream.until(1);
      expect(JSON.parse(event?.data ?? '')).toMatchObject({ operation: id });
    }
    expect(ofRin.events.map(({ data: text }) => Presence.parse(JSON.parse(text)).member.handle)).toEqual([
      'rin',
    ]);
    for (const stream of [all, ofRin, messages, channel]) stream.close();
  });
});
