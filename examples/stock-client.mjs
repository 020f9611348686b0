// A client that knows Yjs and y-websocket, and holds no replica: it reads general, posts, and claims a task.
//   COTERIE_URL=http://127.0.0.1:4270 COTERIE_TOKEN=... node examples/stock-client.mjs WORKSPACE_FILE HANDLE
// WORKSPACE_FILE is <config>/coterie/workspaces/default.json: its secret admits a key for this client, as for any replica.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { generateSeed, nodeCrypto, signerFromSeed, x25519FromSeed } from 'coterie/keys';
import {
  createAuthor,
  defaultChannelId,
  memberIdOf,
  messagesOf,
  proveAdmission,
  readEntry,
  readView,
} from 'coterie/log';
import { connect } from 'coterie/yjs';

const [file, handle] = process.argv.slice(2);
const { COTERIE_URL: url = 'http://127.0.0.1:4270', COTERIE_TOKEN: token } = process.env;
if (!file || !handle) throw new Error('usage: node examples/stock-client.mjs WORKSPACE_FILE HANDLE');

const secret = JSON.parse(readFileSync(file, 'utf8'));
const machine = signerFromSeed(Buffer.from(secret.machine, 'base64url'));
const workspace = readEntry(nodeCrypto, secret.genesis).hash;

// Log documents are plain Yjs documents with one map named `ops`.
const general = defaultChannelId(nodeCrypto, workspace, 'general');
const open = (document) => ({ document, ...connect({ url, workspace, document, token }) });
/** All segments of a log, the one that is written to last. */
async function segments(log) {
  const asked = await fetch(`${url}/v1/documents?log=${log}&limit=1000`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { items } = await asked.json();
  return items.length > 0 ? items.map(({ document }) => open(document)) : [open(`log/${log}/1`)];
}
const logs = await Promise.all(['members', `channel.${general}`, 'tasks'].map(segments));
const all = logs.flat();
const [members, channel, tasks] = logs.map((log) => log.at(-1));
await Promise.all(all.map(({ synced }) => synced()));

const target = ({ document, doc }) => ({ document, ops: doc.getMap('ops') });
const look = () => readView({ crypto: nodeCrypto, workspace, maps: all.map(target) });

// A key of its own, admitted by the machine, that speaks for one member.
const seed = generateSeed();
const signer = signerFromSeed(seed);
const about = { crypto: nodeCrypto, signer, workspace, now: Date.now, random: randomBytes };
const key = { key: signer.publicKey, encryption: x25519FromSeed(seed).publicKey };
const admission = { ...key, ...(await proveAdmission(machine, { workspace, ...key })) };
const replica = createAuthor(about);
await replica.write(await look(), target(members), { type: 'replica.admit', data: admission });
await replica.write(await look(), target(members), {
  type: 'member.create',
  data: { handle, kind: 'agent', machine: machine.publicKey },
});
await members.stored();

const me = memberIdOf(nodeCrypto, workspace, machine.publicKey, handle);
const author = createAuthor({ ...about, member: me });
let view = await look();
for (const message of messagesOf(view, general)) console.log(`general: ${view.text(message.text[0]?.value)}`);

await author.write(view, target(channel), {
  type: 'message.create',
  body: { text: 'Hello from a plain Yjs client.' },
});
await channel.stored();

view = await look();
const task = [...view.things.values()].find(
  (thing) => thing.kind === 'task' && thing.status[0]?.value === 'todo' && thing.claims.length === 0,
);
if (task) {
  const data = { need: 'tentative', incarnation: 'stock-client' };
  await author.write(view, target(tasks), { type: 'claim.request', subject: task.id, data });
  await tasks.stored();
  const claimed = (await look()).things.get(task.id);
  console.log(`claimed: ${claimed.claims[0]?.by === me}`);
}
for (const { close } of all) close();
