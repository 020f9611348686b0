import { failure } from '../../../src/client/call.ts';
import { createClient, type Transport } from '../../../src/client/index.ts';
import type { Replica } from '../../../src/replica/surface.ts';
import type { Team } from '../call.ts';
import { searchOptions } from '../embeddings.ts';
import type { Output } from '../output.ts';
import { progressTo } from '../progress.ts';
import { dataDirectory, type Settings } from '../settings.ts';
import { remember, remembered, speaker } from './identity.ts';
import { movingTransport } from './moving.ts';
import { nodeTransport } from './node-http.ts';
import { runningNode, tokenFor } from './running.ts';

/** A team to speak to, as one member. */
export interface Connection {
  readonly team: Team;
  /** True when others write meanwhile: a node has the directory. Without one, this command has it alone. */
  readonly live: boolean;
  /**
   * Before the first write of a member on this machine. What it resolves to says, once the write is done, that it made
   * the member.
   */
  announce(): Promise<() => void>;
  close(): Promise<void>;
}

/** A team behind a node. */
export interface Reached extends Pick<Connection, 'team' | 'close'> {
  /** Who speaks there, as far as the command line knows: the same text for the same member. */
  readonly member: string;
}

/** How long a directory that another command holds is waited for: commands are short. */
const PATIENCE = 5000;

/** Through the URL that was given, the node of the data directory, or the directory itself. */
export async function connect(settings: Settings, out: Output): Promise<Connection> {
  if (settings.url !== undefined) return byUrl(settings, settings.url);
  const directory = await dataDirectory(settings);
  const kept = remembered(directory);
  const { handle, named } = speaker(settings, kept, process.env);
  const announce = (team: Team) => () => announceNew(team, directory, handle, out);
  const deadline = Date.now() + PATIENCE;
  const { transport, close } = nodeTransport();
  for (;;) {
    const node = await runningNode(directory, transport);
    if (node !== undefined) {
      const token = settings.token ?? (await tokenFor(directory, handle));
      const team = createClient({
        url: node.url,
        token,
        member: settings.token ? undefined : handle,
        transport: movingTransport(directory, node, transport),
      });
      return { team, live: true, announce: announce(team), close: async () => close() };
    }
    try {
      const replica = await openDirectory(settings, { directory, as: handle, named }, out);
      close();
      return { team: replica, live: false, announce: announce(replica), close: () => replica.close() };
    } catch (error) {
      // Another command has it, or a node that has not written its run file yet.
      if (codeOf(error) !== 'directory_locked' || Date.now() > deadline) {
        close();
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100));
    }
  }
}

/**
 * The node at the URL that was given, or that of the data directory; undefined when none runs. Opens no directory and
 * waits for no answer longer than `patience`, ms.
 */
export async function reachNode(settings: Settings, patience: number): Promise<Reached | undefined> {
  const own = nodeTransport();
  const transport: Transport = (asked) => own.transport({ ...asked, signal: AbortSignal.timeout(patience) });
  const found = await teamOf(settings, transport);
  if (found !== undefined) return { ...found, close: async () => own.close() };
  own.close();
  return undefined;
}

/** Where a node answers, and the token by which a member speaks there. Undefined when none runs here. */
export async function memberAt(
  settings: Settings,
  transport: Transport,
): Promise<{ readonly url: string; readonly token: string } | undefined> {
  if (settings.url !== undefined) {
    const token = settings.token ?? (await ownToken(settings, settings.url, transport));
    if (token === undefined) throw await noToken(settings.url);
    return { url: settings.url, token };
  }
  const directory = await dataDirectory(settings);
  const node = await runningNode(directory, transport);
  if (node === undefined) return undefined;
  const { handle } = speaker(settings, remembered(directory), process.env);
  return { url: node.url, token: settings.token ?? (await tokenFor(directory, handle)) };
}

const noToken = (url: string): Promise<Error> =>
  failure('unauthorized', `there is no token for ${url}`, {
    hint: 'Print one where the node runs, with: coterie token HANDLE; and set COTERIE_TOKEN to it.',
  });

async function teamOf(
  settings: Settings,
  transport: Transport,
): Promise<Pick<Reached, 'team' | 'member'> | undefined> {
  if (settings.url !== undefined) {
    const token = settings.token ?? (await ownToken(settings, settings.url, transport));
    return {
      team: createClient({ url: settings.url, token, transport }),
      member: `${settings.as ?? ''} ${settings.url}`,
    };
  }
  const directory = await dataDirectory(settings);
  const node = await runningNode(directory, transport);
  if (node === undefined) return undefined;
  const { handle } = speaker(settings, remembered(directory), process.env);
  const token = settings.token ?? (await tokenFor(directory, handle));
  return { team: createClient({ url: node.url, token, transport }), member: `${handle} ${directory}` };
}

async function openDirectory(
  settings: Settings,
  { directory, as, named }: { directory: string; as: string; named: boolean },
  out: Output,
): Promise<Replica> {
  const searching = await searchOptions(settings);
  const { openReplica } = await import('../../../src/index.ts');
  const shown = progressTo(out);
  try {
    // A person's own name stands for the person; a name that was given is an agent's, unless it says otherwise.
    return await openReplica({
      directory,
      as,
      kind: named ? 'agent' : 'human',
      ...searching,
      progress: shown.progress,
    });
  } finally {
    shown.end();
  }
}

async function byUrl(settings: Settings, url: string): Promise<Connection> {
  const { transport, close } = nodeTransport();
  const token = settings.token ?? (await ownToken(settings, url, transport));
  if (token === undefined) {
    close();
    throw await noToken(url);
  }
  const team = createClient({ url, token, transport });
  return { team, live: true, announce: async () => () => undefined, close: async () => close() };
}

/** The URL may be that of our own node: then its token lies in the data directory. */
async function ownToken(settings: Settings, url: string, transport: Transport): Promise<string | undefined> {
  const directory = await dataDirectory(settings);
  const node = await runningNode(directory, transport);
  if (node === undefined || node.url !== url.replace(/\/+$/, '')) return undefined;
  return tokenFor(directory, speaker(settings, remembered(directory), process.env).handle);
}

/**
 * A member is made by its first write. A name with a slip in it would be one too: so it is said. What is known to exist
 * is kept, so that later writes need not ask.
 */
async function announceNew(team: Team, directory: string, handle: string, out: Output): Promise<() => void> {
  if (remembered(directory).known.includes(handle)) return () => undefined;
  try {
    await team.members.get(handle);
  } catch (error) {
    if (codeOf(error) !== 'not_found') throw error;
    return () => out.note(`coterie: ${handle} was new here: this made the member ${handle}`);
  }
  const kept = remembered(directory);
  remember(directory, { ...kept, known: [...kept.known, handle].slice(-1000) });
  return () => undefined;
}

export const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
