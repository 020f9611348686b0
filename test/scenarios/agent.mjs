// An agent in a process of its own: it opens a replica that syncs, and does what it is told, a JSON line at a time.
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { openReplica } from 'coterie';

const [directory, config, state, as, ...upstreams] = process.argv.slice(2);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

const replica = await openReplica({ directory, config, as, durability: 'os', sync: { state, upstreams } });
say({ ready: replica.id, workspace: replica.workspace.id, url: replica.sync.url });

/** What is written in the background, and who waits for how much of it. */
const writing = { on: false, count: 0, done: Promise.resolve(), waiting: [] };

/**
 * Writes of each kind, one after the other; before that so many messages, a hundred at a time. Every acknowledged id is
 * in the file before the next write begins.
 */
async function write({ file, most, every, many }) {
  const { messages, tasks, memory } = replica;
  async function keep(work) {
    const made = await work;
    appendFileSync(file, `${made.id}\n`);
    writing.count++;
    for (const look of writing.waiting.splice(0)) look();
    return made;
  }
  for (let n = 0; writing.on && n < many; n += 100) {
    const texts = Array.from({ length: 100 }, (_, at) => `${n + at} of many by ${as} ${'.'.repeat(3 * at)}`);
    await Promise.all(texts.map((text) => keep(messages.post('general', { text }))));
  }
  for (let n = 0; writing.on && writing.count < most; n++) {
    const text = `${n} by ${as}`;
    const first = await keep(messages.post('general', { text }));
    await keep(messages.post('general', { text: `an answer to ${text}`, thread: first.id }));
    const task = await keep(tasks.create({ title: `task ${text}` }));
    await keep(tasks.comment(task.id, { text: `about ${text}` }));
    await keep(memory.remember({ key: `${n % 5}`, text }));
    await keep(messages.post('dev', { text: `dev ${text}` }));
    await keep(messages.edit(first.id, { text: `${text}, edited` }));
    await keep(tasks.update(task.id, { description: `as ${as} sees it` }));
    await keep(tasks.claim(task.id));
    if (every > 0) await pause(every);
  }
  writing.on = false;
}

/** How often each operation was told of since the agent began to listen. */
const heard = new Map();

async function listen() {
  for await (const { type, operation } of replica.events())
    if (type !== 'revised') heard.set(operation, (heard.get(operation) ?? 0) + 1);
}

const verbs = {
  post: async ({ text }) => ({ id: (await replica.messages.post('general', { text })).id }),
  texts: async () => ({
    texts: (await replica.messages.list('general', { limit: 1000 })).items.map(({ text }) => text).sort(),
  }),
  /**
   * Begins to write and goes on, until it is stopped or has made so much; a round each `every` ms at most, and `many`
   * messages at first.
   */
  async write({ file, most = 100_000, every = 0, many = 0 }) {
    writing.on = true;
    writing.done = write({ file, most: writing.count + most, every, many });
    return {};
  },
  /** Answers when so much was acknowledged. */
  async wrote({ count }) {
    while (writing.on && writing.count < count)
      await Promise.race([new Promise((look) => writing.waiting.push(look)), writing.done]);
    return { count: writing.count };
  },
  /** Ends the writing with the round that is under way. */
  async stop() {
    writing.on = false;
    await writing.done;
    return { count: writing.count };
  },
  async listen() {
    void listen();
    return {};
  },
  heard: async () => ({
    ids: [...heard.keys()],
    twice: [...heard].filter(([, times]) => times > 1).map(([id]) => id),
  }),
  self: async () => ({ id: replica.id, key: (await replica.status()).replica }),
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
  doctor: async () => ({ findings: (await replica.doctor()).findings.filter(({ state }) => state !== 'ok') }),
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
