import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReadableRelay } from '../../relay/hosted/relay.ts';
import { openLog, startNode } from '../../relay/index.ts';
import { documentName } from '../../src/log/index.ts';
import { admitKeys } from './idle-mux.ts';
import { emptyPlace } from './workspace.ts';

/** A workspace that a relay hosts, with the file of the seeds of keys that are in it, and a document. */
export interface Made {
  readonly workspace: string;
  readonly seeds: string;
  readonly document: string;
}

/** A relay takes so many workspaces a minute of one address; then another one goes on in its directory. */
const perRelay = 10;
const letters = 'abcdefghijklmnopqrstuvwxyz234567';

/** Has a relay that does not run otherwise host so many workspaces, of two messages and so many admitted keys each. */
export async function makeHosted(data: string, seeds: string, count: number, keys: number): Promise<Made[]> {
  const made: Made[] = [];
  while (made.length < count) {
    const relay = await startReadableRelay({ directory: data, port: 0, open: true, log: openLog('error') });
    try {
      for (let i = 0; i < perRelay && made.length < count; i++)
        made.push(await hostOne(relay.url, join(seeds, `${keys}-${made.length}`), keys));
    } finally {
      await relay.close();
    }
  }
  return made;
}

async function hostOne(url: string, seeds: string, keys: number): Promise<Made> {
  const place = emptyPlace();
  const node = await startNode({
    ...{ directory: place.data, config: place.config, state: place.state },
    ...{ as: 'kai', port: 0, log: openLog('error') },
  });
  try {
    const { replica } = node;
    const { channel } = await replica.messages.post('general', { text: 'Hello.' });
    await replica.messages.post('general', { text: 'Hello again.' });
    writeFileSync(seeds, await admitKeys(replica, place.config, keys));
    await replica.remotes.add({ url });
    const isThere = async (): Promise<boolean> =>
      (await replica.remotes.list()).items.every(({ state, lag }) => state === 'linked' && lag === 0);
    while (!(await isThere())) await new Promise((resolve) => setTimeout(resolve, 20));
    return { workspace: replica.workspace.id, seeds, document: documentName(`channel.${channel}`, 1) };
  } finally {
    await node.close();
    place.remove();
  }
}

/** Directories as of workspaces that were let in: what a relay reads of those that it does not open. */
export function makeNames(data: string, count: number): void {
  for (let i = 0; i < count; i++) {
    const workspace = Array.from(randomBytes(26), (byte) => letters[byte % 32]).join('');
    const at = join(data, 'workspaces', workspace);
    mkdirSync(at, { mode: 0o700 });
    const note = { workspace, name: `idle-${i}`, since: new Date().toISOString() };
    writeFileSync(join(at, 'hosted.json'), `${JSON.stringify(note)}\n`, { mode: 0o600 });
  }
}
