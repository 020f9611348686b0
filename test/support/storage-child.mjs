// Commits with many writers and rewrites documents, and says what was acknowledged. Arguments: the directory, then
// `key=value`: writers, commits (each), rows, bytes (a row), documents, durability, seed, hold (wait at the end).
import { writeSync } from 'node:fs';
import { Doc, encodeStateAsUpdate } from 'yjs';
import { openStorage } from '../../dist/src/storage/open.js';

const [root, ...rest] = process.argv.slice(2);
const settings = Object.fromEntries(rest.map((one) => one.split('=')));
const number = (name, otherwise) => Number(settings[name] ?? otherwise);
const say = (line) => writeSync(1, `${line}\n`);

const storage = await openStorage({
  directory: `${root}/data`,
  durability: settings.durability ?? 'sync',
  reserve: number('reserve', 0),
});
const run = settings.run ?? '0';
say(`open ${storage.store.lastCommit}`);

async function write(writer) {
  for (let at = 0; at < number('commits', 20); at += 1) {
    const id = `${run}-${writer}-${at}`;
    const rows = [];
    for (let row = 0; row < number('rows', 3); row += 1) {
      rows.push([`op/${id}/${row}`, Buffer.alloc(number('bytes', 100), `${id} `)]);
    }
    const commit = await storage.store.commit([...rows, [`latest/${writer}`, Buffer.from(id)]]);
    say(`commit ${commit} ${id} ${rows.length}`);
  }
}

async function checkpoint(document) {
  const doc = new Doc();
  const map = doc.getMap('ops');
  // Later runs begin anew with higher versions, so that one may be told from what it replaces.
  const base = Number(run) * 1_000_000;
  for (let version = base + 1; version <= base + number('versions', 5); version += 1) {
    map.set(`${run}-${version}`, { version, text: 'x'.repeat(number('bytes', 100)) });
    map.set('version', version);
    await storage.documents.write(`log/${document}/1`, encodeStateAsUpdate(doc));
    say(`document ${document} ${run} ${version}`);
  }
}

const works = [];
for (let writer = 0; writer < number('writers', 8); writer += 1) works.push(write(writer));
for (let document = 0; document < number('documents', 1); document += 1) works.push(checkpoint(document));
await Promise.all(works);
await storage.close();
say('closed');
