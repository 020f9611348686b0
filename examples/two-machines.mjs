// Two machines that work apart and meet: here each is a directory of its own, with its own user configuration.
//   node examples/two-machines.mjs [DIRECTORY]
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { joinByTicket, openReplica } from 'coterie';
import { startNode } from 'coterie/relay';

const root = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'coterie-machines-'));
const place = (name) => ({
  directory: join(root, name, 'data'),
  config: join(root, name, 'config'),
  sync: { state: join(root, name, 'state') },
});
const texts = async (replica) =>
  (await replica.messages.list('general')).items.map(({ text }) => text).join(', ');

// The first runs a node, makes a workspace, and a ticket to it.
const { sync: home, ...desk } = place('office');
const node = await startNode({ ...desk, state: home.state, as: 'olga', port: 0 });
const office = node.replica;
await office.messages.post('general', { text: 'written in the office' });
const { ticket } = await office.invites.create({ role: 'member', uses: 1 });

// The second joins by it: what is there comes over.
const { directory, config, sync } = place('train');
await joinByTicket({ ticket, directory, config, as: 'theo' });
let train = await openReplica({ directory, config, sync, as: 'theo' });
await train.messages.post('general', { text: 'hello from the train' });
console.log('stored in the office:', (await train.sync.settled({ peers: 1, timeoutMs: 10_000 })).enough);

// Apart: each goes on alone.
await train.close();
await office.messages.post('general', { text: 'while the train was in the tunnel' });
train = await openReplica({ directory, config, as: 'theo' });
await train.messages.post('general', { text: 'in the tunnel' });
await train.close();

// And they meet.
train = await openReplica({ directory, config, sync, as: 'theo' });
for (let tries = 0; tries < 200 && (await texts(office)) !== (await texts(train)); tries++) await pause(50);
console.log('office:', await texts(office));
console.log('train: ', await texts(train));
await train.close();
await node.close();
