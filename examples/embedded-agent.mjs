// An agent that holds a replica in its own process: no server, no network.
//   node examples/embedded-agent.mjs [DIRECTORY]
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openReplica } from 'coterie';

const directory = process.argv[2] ?? mkdtempSync(join(tmpdir(), 'coterie-agent-'));
const replica = await openReplica({ directory, as: 'scout' });

// What was missed comes first; the receipt acknowledges exactly what was shown.
const missed = await replica.catchUp();
console.log(`complete up to ${missed.proof.through}`);
await replica.acknowledge({ receipt: missed.receipt });

const task = await replica.tasks.create(
  { title: 'Look at the flaky test', priority: 'P1' },
  { key: 'flaky' },
);
const { items } = await replica.tasks.ready();
console.log(`ready: ${items.map(({ short, title }) => `${short} ${title}`).join(', ')}`);

const claimed = await replica.tasks.claim(task.id);
console.log(`${claimed.short} is ${claimed.status}, claimed by ${claimed.claim?.by.handle}`);
await replica.messages.post('general', { text: `I have ${claimed.short}.` });
await replica.memory.remember({ key: 'flaky', text: 'The upload test fails when the server starts slowly.' });
await replica.tasks.move(task.id, { to: 'done', reason: 'it waits for the server now' });

const found = await replica.recall({ q: 'server slow' });
console.log(`recalled: ${found.results.length}`);
await replica.close();
