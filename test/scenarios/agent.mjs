// An agent in a process of its own: it opens a replica that syncs, and does what it is told, a JSON line at a time.
import { createInterface } from 'node:readline';
import { openReplica } from 'coterie';

const [directory, config, state, as] = process.argv.slice(2);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const replica = await openReplica({ directory, config, as, durability: 'os', sync: { state } });
say({ ready: replica.id, workspace: replica.workspace.id, url: replica.sync.url });

const verbs = {
  post: async ({ text }) => ({ id: (await replica.messages.post('general', { text })).id }),
  texts: async () => ({
    texts: (await replica.messages.list('general', { limit: 1000 })).items.map(({ text }) => text).sort(),
  }),
  digest: async () => ({ digest: (await replica.status()).digest }),
  linked: async () => ({
    linked: replica.sync
      .status()
      .peers.filter(({ state }) => state === 'linked')
      .map(({ replica: id }) => id)
      .sort(),
  }),
  peers: async () => ({ peers: replica.sync.status().peers }),
  settled: async ({ peers }) => ({ settled: await replica.sync.settled({ peers, timeoutMs: 20_000 }) }),
  doctor: async () => ({ ok: (await replica.doctor()).ok }),
  close: async () => {
    await replica.close();
    return { closed: true };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { verb, ...input } = JSON.parse(line);
  try {
    say(await verbs[verb](input));
  } catch (error) {
    say({ error: error instanceof Error ? `${error.code ?? ''} ${error.message}` : String(error) });
  }
  if (verb === 'close') break;
}
process.exit(0);
