import { join } from 'node:path';
import { createClient, type Transport } from '../../../src/client/index.ts';
import { type Call, misuse, type Verb } from '../call.ts';
import { doorsOf } from '../doors.ts';
import { embeddingsOf, searchOptions } from '../embeddings.ts';
import { progressTo } from '../progress.ts';
import { remember, remembered, speaker } from '../reach/identity.ts';
import { askLogin } from '../reach/login.ts';
import { nodeTransport } from '../reach/node-http.ts';
import { runningNode, tokenFor } from '../reach/running.ts';
import { dataDirectory } from '../settings.ts';
import { facts, tint } from '../show/terminal.ts';

/** How long a command that has the directory is waited for, and a node that is starting. */
const PATIENCE = 5000;

/** What `up` says, and prints with `--json`. */
interface Up {
  readonly url: string;
  /** Where other machines reach it, if they do. */
  readonly public?: string;
  readonly workspace: { readonly id: string; readonly name: string };
  readonly directory: string;
  readonly member: string;
  /** File that holds the member's token. */
  readonly token: string;
  /** Lets a browser in as the member: once, within five minutes. Null where the node gives none. */
  readonly page: string | null;
  /** True when a node ran already: this command ends, that one goes on. */
  readonly running: boolean;
}

/** Runs a node until it is told to end, or says where ours runs already. */
export const up: Verb = async (call) => {
  await refuseWhatIsNotThere(call);
  const directory = await dataDirectory(call.settings);
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const already = await attach(call, directory);
    if (already) return undefined;
    try {
      await start(call, directory);
      // The node ends the process, by a signal, once it is closed.
      return await new Promise<never>(() => undefined);
    } catch (error) {
      const locked = error instanceof Error && 'code' in error && error.code === 'directory_locked';
      if (!locked || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 100));
    }
  }
};

async function refuseWhatIsNotThere(call: Call): Promise<void> {
  for (const url of call.many('upstream') ?? [])
    if (!/^https?:\/\/[^\s/?#@]+\/?$/.test(url))
      throw await misuse(`--upstream is the URL of a node, not ${url}`, 'For example: http://127.0.0.1:4270');
  const durability = call.text('durability');
  if (durability !== undefined && durability !== 'sync' && durability !== 'os') {
    throw await misuse(`--durability is sync or os, not ${durability}`, undefined, ['sync', 'os']);
  }
  await embeddingsOf(call.settings.embeddings);
  await doorsOf(call);
  const port = call.number('port');
  if (port !== undefined && port > 65_535) throw await misuse(`there is no port ${port}`);
}

async function attach(call: Call, directory: string): Promise<boolean> {
  const { transport, close } = nodeTransport();
  try {
    const node = await runningNode(directory, transport);
    if (node === undefined) return false;
    const { handle } = speaker(call.settings, remembered(directory), process.env);
    const token = await tokenFor(directory, handle);
    const { workspace } = await createClient({ url: node.url, token, transport }).status();
    const file = join(directory, 'tokens', handle);
    const page = await pageOf(node.url, token, transport);
    say(call, { url: node.url, workspace, directory, member: handle, token: file, page, running: true });
    return true;
  } finally {
    close();
  }
}

/** A node of before pages had logins gives none. */
async function pageOf(url: string, token: string, transport: Transport): Promise<string | null> {
  try {
    return (await askLogin(url, token, transport)).url;
  } catch {
    return null;
  }
}

async function ownPage(url: string, token: string): Promise<string | null> {
  const { transport, close } = nodeTransport();
  try {
    return await pageOf(url, token, transport);
  } finally {
    close();
  }
}

async function start(call: Call, directory: string): Promise<void> {
  const { settings, out } = call;
  const kept = remembered(directory);
  const { handle, named } = speaker(settings, kept, process.env);
  const { runNode } = await import('../../node/run.ts');
  const shown = progressTo(out);
  const durability = call.text('durability');
  const node = await runNode(
    {
      directory,
      as: handle,
      kind: named ? 'agent' : 'human',
      port: call.number('port'),
      workspace: call.text('workspace'),
      upstreams: (call.many('upstream') ?? []).map((url) => url.replace(/\/$/, '')),
      discover: call.has('discover'),
      ...(await doorsOf(call)),
      durability: durability === 'os' ? 'os' : durability === 'sync' ? 'sync' : undefined,
      ...(await searchOptions(settings)),
      warm: true,
      progress: shown.progress,
    },
    { stopping: () => out.note('coterie: stopping') },
  ).finally(() => shown.end());
  // The first up names the default member of the directory, if it names one at all.
  if (settings.as !== undefined && kept.member === undefined) {
    remember(directory, { ...remembered(directory), member: handle });
  }
  const page = await ownPage(node.url, await tokenFor(directory, handle));
  const { workspace } = node.replica;
  const file = join(directory, 'tokens', handle);
  const outward = node.publicUrl === node.url ? {} : { public: node.publicUrl };
  say(call, {
    url: node.url,
    ...outward,
    workspace,
    directory,
    member: handle,
    token: file,
    page,
    running: false,
  });
}

/** A text as one word of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

function say({ out }: Call, what: Up): void {
  if (out.json) {
    out.data(what);
    return;
  }
  const bearer = `-H "Authorization: Bearer $(cat ${quoted(what.token)})"`;
  const { view } = out;
  const lines = [
    facts(
      [
        ['url', tint(view, 'cyan', what.url)],
        ...(what.public === undefined ? [] : [['for others', tint(view, 'cyan', what.public)] as const]),
        ['workspace', `${what.workspace.name} ${tint(view, 'dim', what.workspace.id)}`],
        ['directory', what.directory],
        ['member', what.member],
        ...(what.page === null ? [] : [['page, once', tint(view, 'cyan', what.page)] as const]),
      ],
      view,
    ),
    '',
    tint(view, 'dim', 'read, and post:'),
    `  curl -s ${bearer} ${what.url}/v1/channels`,
    `  curl -s ${bearer} -H 'Content-Type: application/json' -d '{"text":"Hello"}' ${what.url}/v1/channels/general/messages`,
    '',
    tint(view, 'dim', what.running ? 'already running' : 'Ctrl-C ends it'),
  ];
  out.print(lines.join('\n'));
}
