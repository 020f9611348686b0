import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type * as Y from 'yjs';
import { type OpenRelay, startOpenRelay } from '../../relay/rooms/open-relay.ts';
import { type Connection, connect } from '../../src/yjs/index.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function place(): string {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-yjs-'));
  closing.push(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

async function relayOn(directory: string, port = 0): Promise<OpenRelay> {
  const relay = await startOpenRelay({ directory, port });
  closing.push(() => relay.close());
  return relay;
}

function joined(relay: Pick<OpenRelay, 'url'>, doc?: Y.Doc): Connection {
  const connection = connect({ url: relay.url, room: 'notes', maxBackoff: 50, ...(doc ? { doc } : {}) });
  closing.push(() => connection.close());
  return connection;
}

describe('a plain connection', () => {
  it('YJS-1 what it says is stored is there after the relay was started again', async () => {
    const directory = place();
    const relay = await relayOn(directory);
    const one = joined(relay);
    one.doc.getText('pad').insert(0, 'hello');
    await one.stored();
    one.doc.getText('pad').insert(5, ', team');
    await one.stored();
    one.close();
    await relay.close();

    const two = joined(await relayOn(directory));
    await two.synced();
    expect(two.doc.getText('pad').toString()).toBe('hello, team');
  });

  it('YJS-1 what was written while the relay was away is stored once it is back', async () => {
    const directory = place();
    const relay = await relayOn(directory);
    const one = joined(relay);
    await one.synced();
    await relay.close();
    one.doc.getText('pad').insert(0, 'meanwhile');
    const stored = one.stored();
    const again = await relayOn(directory, relay.port);
    await stored;
    const two = joined(again);
    await two.synced();
    expect(two.doc.getText('pad').toString()).toBe('meanwhile');
  });

  it('YJS-2 YJS-3 closing ends what waits; an address that is none is refused', async () => {
    const one = connect({ url: 'http://127.0.0.1:9', room: 'notes' });
    const waiting = one.stored();
    one.close();
    await expect(waiting).rejects.toMatchObject({ code: 'closed' });
    await expect(one.synced()).rejects.toMatchObject({ code: 'closed' });
    for (const url of ['nowhere', 'ftp://127.0.0.1'])
      expect(() => connect({ url, room: 'notes' })).toThrow(expect.objectContaining({ code: 'invalid' }));
  });

  it('YJS-4 a wait ends with the reason of its signal, and takes no other with it', async () => {
    const directory = place();
    const relay = await relayOn(directory);
    await relay.close();
    const one = joined(relay);
    one.doc.getText('pad').insert(0, 'kept');
    const stop = new AbortController();
    const reason = new Error('enough');
    const ended = [one.synced(stop), one.stored(stop)].map((wait) => expect(wait).rejects.toBe(reason));
    const patient = one.stored({ signal: new AbortController().signal });
    stop.abort(reason);
    await Promise.all(ended);
    await expect(one.synced(stop)).rejects.toBe(reason);
    await relayOn(directory, relay.port);
    await patient;
    await one.synced();
    await one.stored({ signal: new AbortController().signal });
  });
});
