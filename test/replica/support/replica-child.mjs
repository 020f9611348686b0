// Writers and updaters on one replica, who say what was acknowledged to them: one JSON object a line. Arguments: the
// root (data and configuration below it), then `key=value`: run, writers, rounds, durability, bytes, compact (rounds
// between two), fault (file that makes calls fail; see test/support/powercut/shim.c), redact.
import { rmSync, writeFileSync, writeSync } from 'node:fs';
import { openReplica } from '../../../dist/src/replica/open.js';

const [root, ...rest] = process.argv.slice(2);
const settings = Object.fromEntries(rest.map((one) => one.split('=')));
const number = (name, otherwise) => Number(settings[name] ?? otherwise);
const say = (line) => writeSync(1, `${JSON.stringify(line)}\n`);
const run = settings.run ?? '0';
const filler = 'x'.repeat(number('bytes', 80));

const replica = await openReplica({
  directory: `${root}/data`,
  config: `${root}/config`,
  as: 'kai',
  durability: settings.durability ?? 'sync',
});
say({ kind: 'open', workspace: replica.workspace.id });

/** Runs one write and says what came of it. */
async function attempt(line, work) {
  try {
    say({ ...line, ...(await work()) });
    return true;
  } catch (error) {
    // Where nobody could look, the answer is that it is not known.
    const kind = /not known/.test(error.message) ? 'unknown' : 'refused';
    say({ kind, text: line.text, code: error.code ?? String(error) });
    return false;
  }
}

async function writer(n) {
  const member = replica.as(`w${n}`);
  for (let round = 0; round < number('rounds', 20); round++) {
    const name = `${run}-${n}-${round}`;
    const text = (what) => `${what} ${name} ${filler}`;
    let id;
    await attempt({ kind: 'message', text: text('post') }, async () => {
      const made = await member.messages.post('general', { text: text('post') }, { key: name });
      id = made.id;
      return { id };
    });
    if (id === undefined) continue;
    await attempt({ kind: 'edit', id, text: text('edit') }, async () => {
      await member.messages.edit(id, { text: text('edit') });
    });
    if (round % 3 === 0) {
      await attempt({ kind: 'task', text: `task ${name}` }, async () => {
        const task = await member.tasks.create({ title: `task ${name}` });
        return { id: task.id, short: task.short };
      });
      await attempt({ kind: 'memory', key: `w${n}`, text: text('memory') }, async () => ({
        id: (await member.memory.remember({ key: `w${n}`, text: text('memory') })).id,
      }));
    }
    if (round % 4 === 1) {
      const { receipt, proof } = await member.catchUp({ budget: 100_000, limit: 1000 });
      await attempt({ kind: 'acknowledged', member: `w${n}`, through: proof.through }, async () => {
        await member.acknowledge({ receipt });
      });
    }
  }
}

async function keeper() {
  const every = number('compact', 0);
  for (let at = 0; every > 0 && at < Math.floor(number('rounds', 20) / every); at++) {
    await replica.compact().catch(() => undefined);
    say({ kind: 'compacted' });
  }
}

/** Rounds in which calls of one kind fail for a while, and what is said in them. */
async function faults(file) {
  for (const [round, kind] of ['sync 5', 'write 28', 'any 5', 'write 5', 'any 28'].entries()) {
    writeFileSync(file, kind);
    await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        attempt({ kind: 'message', text: `fault ${run} ${round} ${i}` }, async () => ({
          id: (await replica.messages.post('dev', { text: `fault ${run} ${round} ${i}` })).id,
        })),
      ),
    );
    rmSync(file);
    // The same replica goes on, at once or at the next try.
    let went = false;
    for (let at = 0; at < 50 && !went; at++) {
      if (at > 0) await new Promise((resolve) => setTimeout(resolve, 100));
      went = await attempt({ kind: 'message', text: `after ${run} ${round} ${at}` }, async () => ({
        id: (await replica.messages.post('dev', { text: `after ${run} ${round} ${at}` })).id,
      }));
    }
    say({ kind: went ? 'recovered' : 'stuck' });
  }
}

await Promise.all([
  ...Array.from({ length: number('writers', 8) }, (_, n) => writer(n)),
  keeper(),
  ...(settings.fault ? [faults(settings.fault)] : []),
]);
await replica.close();
say({ kind: 'closed' });
