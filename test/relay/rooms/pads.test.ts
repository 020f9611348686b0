import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { applyUpdate, Doc, encodeStateAsUpdate, mergeUpdates } from 'yjs';
import { openLog } from '../../../relay/node/log.ts';
import { type Node, startNode } from '../../../relay/node/node.ts';
import { tokenOf } from '../../../relay/node/tokens.ts';
import { openReplica } from '../../../src/replica/open.ts';
import { restoreBackup } from '../../../src/replica/upkeep/restore.ts';
import { connect } from '../../../src/yjs/index.ts';
import { scratch } from '../../support/scratch.ts';
import { ask } from '../http/support.ts';

async function nodeOn(directory: string, root: string): Promise<Node> {
  const node = await startNode({
    directory,
    config: join(root, 'config'),
    state: join(root, 'state'),
    as: 'kai',
    port: 0,
    log: openLog('silent'),
  });
  onTestFinished(() => node.close());
  return node;
}

function pad(node: Node, name: string) {
  const { url, directory } = node;
  const workspace = node.replica.workspace.id;
  const token = tokenOf(directory, 'kai');
  const connection = connect({ url, workspace, document: `pad/${name}`, token });
  onTestFinished(() => connection.close());
  return connection;
}

it('RLY-18: pads are in a backup of a running node, and in what is restored from it', async () => {
  const root = scratch();
  const data = join(root, 'data');
  const node = await nodeOn(data, root);
  await node.replica.messages.post('general', { text: 'hello' });
  // Without a pad there is none in the backup either.
  await node.replica.backup({ directory: join(root, 'empty') });
  const plan = pad(node, 'plan');
  await plan.synced();
  plan.doc.getText('t').insert(0, 'together');
  await plan.stored();
  await node.replica.backup({ directory: join(root, 'first') });
  plan.doc.getText('t').insert(0, 'later, ');
  await plan.stored();
  plan.close();
  await node.close();

  // The same by a process that has the directory for itself.
  const alone = await openReplica({ directory: data, config: join(root, 'config'), as: 'kai' });
  await alone.backup({ directory: join(root, 'second') });
  await alone.close();

  const held: string[] = [];
  for (const name of ['empty', 'first', 'second']) {
    const directory = join(root, `restored-${name}`);
    await restoreBackup({ backup: join(root, name), directory });
    const again = await nodeOn(directory, root);
    const found = pad(again, 'plan');
    await found.synced();
    held.push(found.doc.getText('t').toString());
    found.close();
    await again.close();
  }
  expect(held).toEqual(['', 'together', 'later, together']);
});

/** What a document holds that so many clients wrote, each a character. */
function byClients(count: number): Uint8Array {
  const updates: Uint8Array[] = [];
  for (let clientID = 1; clientID <= count; clientID++) {
    const one = new Doc();
    one.clientID = clientID;
    one.getText('t').insert(0, 'x');
    updates.push(encodeStateAsUpdate(one));
  }
  return mergeUpdates(updates);
}

it('RLY-19: a pad that 2,000 clients wrote is told of in status, doctor and metrics, also when it is loaded again', async () => {
  const root = scratch();
  const data = join(root, 'data');
  let node = await nodeOn(data, root);
  const told = async () => {
    const { warnings } = await node.replica.status();
    const { findings } = await node.replica.doctor();
    const { text } = await ask(`${node.url}/metrics`);
    return [
      warnings.find(({ what }) => what === 'pads'),
      findings.find(({ what, state }) => what === 'pads' && state === 'warning'),
      Number(/^coterie_pads_crowded (\d+)$/m.exec(text)?.[1]),
    ];
  };
  const crowd = pad(node, 'crowd');
  await crowd.synced();
  applyUpdate(crowd.doc, byClients(1_999));
  await crowd.stored();
  expect(await told()).toEqual([undefined, undefined, 0]);

  crowd.doc.getText('t').insert(0, 'y');
  await crowd.stored();
  const message = expect.stringMatching(/^2000 clients or more have written to pad\/crowd \(2000\)/);
  const expected = { what: 'pads', message, hint: expect.stringMatching(/a pad of another name/) };
  expect(await told()).toEqual([expected, { ...expected, state: 'warning' }, 1]);
  crowd.close();
  await node.close();

  node = await nodeOn(data, root);
  // One that nobody has opened costs nothing, and is not looked at.
  expect(await told()).toEqual([undefined, undefined, 0]);
  const other = pad(node, 'other');
  await other.synced();
  const again = pad(node, 'crowd');
  await again.synced();
  expect(again.doc.getText('t').length).toBe(2_000);
  expect(await told()).toEqual([expected, { ...expected, state: 'warning' }, 1]);
});
