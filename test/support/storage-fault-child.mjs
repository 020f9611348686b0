// Commits in rounds, and in each round lets calls of one kind fail for a while. Says what was acknowledged, what was
// refused, and what reopening showed of it. Arguments: the directory, the fault file, then `key=value`: rounds, seed.
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { Doc, encodeStateAsUpdate } from 'yjs';
import { openStorage } from '../../dist/src/storage/open.js';
import { batchChecksum } from '../../dist/src/storage/store/frame.js';

const [root, faultFile, ...rest] = process.argv.slice(2);
const settings = Object.fromEntries(rest.map((one) => one.split('=')));
const rounds = Number(settings.rounds ?? 8);
const kinds = ['sync 5', 'write 28', 'write 5', 'any 28', 'any 5'];
const say = (line) => writeSync(1, `${line}\n`);

const storage = await openStorage({ directory: `${root}/data`, reserve: 0 });
const { store, documents } = storage;

let count = 0;
/** A batch of three rows under an id of its own. Long ones fill the engine's log. */
function batch(size) {
  count += 1;
  const id = `b${count}`;
  const rows = [0, 1, 2].map((row) => [`op/${id}/${row}`, Buffer.alloc(size, `${id} `)]);
  return { id, rows };
}

const attempt = async ({ id, rows }) => {
  try {
    say(`commit ${await store.commit(rows)} ${id} ${rows.length}`);
    return [];
  } catch (error) {
    say(`refused ${id} ${error.code}`);
    return [{ id, rows }];
  }
};

const doc = new Doc();
let version = 0;
async function checkpoint() {
  version += 1;
  doc.getMap('ops').set('version', version);
  try {
    await documents.write('log/a/1', encodeStateAsUpdate(doc));
    say(`document a 0 ${version}`);
  } catch (error) {
    say(`kept-back ${version} ${error.code}`);
  }
}

/** What is there of the batches that were refused: at most those of the group that was in flight. */
async function settle(refused, before) {
  const last = await store.reopen();
  const landed = new Map();
  for (let commit = before + 1; commit <= last; commit += 1)
    landed.set(await store.checksumOf(commit), commit);
  for (const { id, rows } of refused) {
    const commit = landed.get(batchChecksum(rows));
    say(commit === undefined ? `absent ${id}` : `commit ${commit} ${id} ${rows.length}`);
  }
}

for (let round = 0; round < rounds; round += 1) {
  const size = round % 3 === 2 ? 40_000 : 200;
  for (let at = 0; at < 3; at += 1) await attempt(batch(size));
  await checkpoint();
  const before = store.lastCommit;
  writeFileSync(faultFile, kinds[round % kinds.length]);
  const tries = [0, 1, 2, 3].map(() => attempt(batch(size)));
  await checkpoint();
  const refused = (await Promise.all(tries)).flat();
  refused.push(...(await attempt(batch(size))));
  // Opening on a failing disk is refused as well, and harms nothing.
  if (store.failed) await store.reopen().catch((error) => say(`not-reopened ${error.code}`));
  rmSync(faultFile);
  await settle(refused, before);
}
await Promise.all([0, 1, 2].map(() => attempt(batch(200))));
await checkpoint();
await storage.close();
say('closed');
