import type { Reach } from '../../mcp/face.ts';
import { searchOptions } from '../embeddings.ts';
import type { Output } from '../output.ts';
import { progressTo } from '../progress.ts';
import { dataDirectory, type Settings } from '../settings.ts';
import { type Connection, codeOf, connect } from './connect.ts';
import { remembered, speaker } from './identity.ts';
import { nodeTransport } from './node-http.ts';
import { runningNode } from './running.ts';

/** How long a directory that a short command holds is waited for, ms. */
const PATIENCE = 5000;

/** The connection was lost, or the node behind it went: another try may find another. */
const isLost = (error: unknown): boolean => ['unreachable', 'closed'].includes(String(codeOf(error)));

/**
 * A connection for as long as a process lives. It is made when it is first needed. Where it is lost, what was asked is
 * asked once more on a new one: reads change nothing, and writes carry a key.
 */
export function keepConnection(settings: Settings, out: Output): Reach & { close(): Promise<void> } {
  let current: Promise<Connection> | undefined;
  let closed = false;

  function connected(): Promise<Connection> {
    const made = current ?? connectOrHost(settings, out);
    current = made;
    // One that could not be made is no reason not to try again.
    made.catch(() => {
      if (current === made) current = undefined;
    });
    return made;
  }

  return {
    async with(work, signal) {
      const first = connected();
      try {
        return await work((await first).team);
      } catch (error) {
        if (!isLost(error) || signal.aborted || closed) throw error;
        if (current === first) {
          current = undefined;
          await (await first.catch(() => undefined))?.close();
        }
        return work((await connected()).team);
      }
    },
    async close() {
      closed = true;
      await (await current?.catch(() => undefined))?.close();
    },
  };
}

/**
 * Through the URL that was given or the node of the data directory. Where none runs this process becomes the node, so that
 * whoever comes next, an agent beside this one or a command, goes through it.
 */
async function connectOrHost(settings: Settings, out: Output): Promise<Connection> {
  if (settings.url !== undefined) return connect(settings, out);
  const directory = await dataDirectory(settings);
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    if (await isRunning(directory)) return connect(settings, out);
    try {
      return await host(settings, directory, out);
    } catch (error) {
      // Another process has it: a command, or one that is becoming the node as well.
      if (codeOf(error) !== 'directory_locked' || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 100));
    }
  }
}

async function isRunning(directory: string): Promise<boolean> {
  const { transport, close } = nodeTransport();
  try {
    return (await runningNode(directory, transport)) !== undefined;
  } finally {
    close();
  }
}

async function host(settings: Settings, directory: string, out: Output): Promise<Connection> {
  const searching = await searchOptions(settings);
  const { startNode } = await import('../../node/node.ts');
  const { handle, named } = speaker(settings, remembered(directory), process.env);
  const shown = progressTo(out);
  const opening = {
    directory,
    as: handle,
    kind: named ? 'agent' : 'human',
    ...searching,
    progress: shown.progress,
  } as const;
  try {
    const node = await startNode(opening).catch((error: unknown) => {
      if (codeOf(error) !== 'port_busy') throw error;
      // The usual port is another node's: of another directory, say.
      return startNode({ ...opening, port: 0 });
    });
    return {
      team: node.replica,
      live: true,
      announce: async () => () => undefined,
      close: () => node.close(),
    };
  } finally {
    shown.end();
  }
}
