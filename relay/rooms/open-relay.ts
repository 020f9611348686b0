import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CoterieError } from '../../schemas/index.ts';
import { muxProtocol } from '../../schemas/protocol.ts';
import { realTimer } from '../../src/replica/environment.ts';
import { makeDirectories } from '../../src/storage/make-directories.ts';
import { StorageError } from '../../src/storage/port.ts';
import { openLevelStore } from '../../src/storage/store/level.ts';
import { openMetrics } from '../http/metrics.ts';
import { listen, type Upgrade } from '../http/server.ts';
import { openAcceptor } from '../mux/socket.ts';
import { type Log, openLog } from '../node/log.ts';
import { openCrowd } from './crowd.ts';
import { openDocuments } from './documents/open-documents.ts';
import { roomCounts, roomSamples } from './metrics.ts';
import { openRooms, type RoomsLimits } from './rooms.ts';
import { chooseProtocol, wantsStored } from './subprotocol.ts';

export interface OpenRelayOptions {
  /** Where its documents lie; made when absent. Not the directory of a workspace. */
  readonly directory: string;
  /** 1234 unless said, as y-websocket's own server; 0 takes any free one. */
  readonly port?: number | undefined;
  readonly log?: Log | undefined;
  readonly limits?: Partial<RoomsLimits> | undefined;
}

/** A running open relay. */
export interface OpenRelay {
  /** `ws://127.0.0.1:1234`. */
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** Stores what came, sends everybody away, and lets the directory go. */
  close(): Promise<void>;
}

export const openRelayPort = 1_234;

/** Open sockets at most. */
const mostSockets = 6_000;
/** Bytes of a room's name in the URL. */
const longestName = 1_024;
const grace = 300;

/** The name in the path of a URL, whatever follows a question mark. */
function roomOf(url: string): string {
  const path = url.slice(1).split('?', 1)[0] ?? '';
  if (path.length > longestName) throw new CoterieError('too_large', 'the name of the room is too long');
  try {
    return decodeURIComponent(path);
  } catch {
    throw new CoterieError('invalid', 'the name of the room is not a well-formed path');
  }
}

async function openStore(directory: string): ReturnType<typeof openLevelStore> {
  if (existsSync(join(directory, 'coterie.json')))
    throw new CoterieError('directory_unreadable', `${directory} holds a workspace, not an open relay.`, {
      hint: 'Give the relay a directory of its own with --data.',
    });
  try {
    makeDirectories(directory, 0o700);
    return await openLevelStore({ directory: join(directory, 'rooms'), durability: 'sync' });
  } catch (error) {
    if (error instanceof StorageError) throw new CoterieError(error.code, error.message, { cause: error });
    throw new CoterieError('directory_unreadable', `${directory} cannot be used.`, { cause: error });
  }
}

/**
 * Starts a relay for any Yjs client: every name is a room, nobody is asked who they are, this machine only. What is
 * sent to others, or acknowledged, is on disk.
 */
export async function startOpenRelay(options: OpenRelayOptions): Promise<OpenRelay> {
  const directory = resolve(options.directory);
  const log = options.log ?? openLog();
  const store = await openStore(directory);
  const listening = await listen('127.0.0.1', options.port ?? openRelayPort).catch(async (error: unknown) => {
    await store.close();
    throw error;
  });
  const counts = roomCounts();
  const metrics = openMetrics();
  metrics.include(() => roomSamples(counts));
  const documents = openDocuments({
    store,
    counts,
    monotonic: () => performance.now(),
    onTrouble: (error) => log.warn({ err: error }, 'a document was not compacted'),
  });
  const rooms = openRooms({ documents, counts, timer: realTimer, limits: options.limits });
  const accept = openAcceptor({ maxPayload: muxProtocol.plainFrameBytes, choose: chooseProtocol });

  const crowd = openCrowd(mostSockets);

  const upgrade: Upgrade = (incoming, raw, head) => {
    try {
      const name = roomOf(incoming.url ?? '/');
      if (!crowd.enter(raw)) return new CoterieError('busy', 'Too many sockets are open.');
      accept(incoming, raw, head, (socket) =>
        rooms.join(socket, name, { wantsStored: wantsStored(socket.protocol) }),
      );
      return undefined;
    } catch (error) {
      if (error instanceof CoterieError) return error;
      throw error;
    }
  };

  const answer = (request: Request): Response => {
    const { pathname } = new URL(request.url);
    if (pathname === '/healthz') return Response.json({ ok: true });
    if (pathname === '/metrics')
      return new Response(metrics.text([]), { headers: { 'content-type': 'text/plain; version=0.0.4' } });
    const error = new CoterieError('not_found', 'This is a relay for WebSocket clients.', {
      hint: 'Connect a y-websocket provider to it.',
    });
    return Response.json(error.toJSON(), { status: error.status });
  };
  listening.serve({ fetch: answer }, log, upgrade, { localPages: true });

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    const drained = listening.drain(grace);
    await rooms.close();
    await drained;
    await listening.cut();
    metrics.close();
    await store.close();
  }
  return {
    url: listening.url.replace(/^http/, 'ws'),
    port: listening.port,
    directory,
    close() {
      closing ??= close();
      return closing;
    },
  };
}
