import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { WebSocket } from 'ws';
import * as plain from '../../../relay/rooms/room/wire.ts';
import { proofText } from '../../../src/sync/session/handshake.ts';
import {
  type ControlMessage,
  type DocumentMessage,
  decodeFrame,
  encodeControl,
  encodeDocument,
  type Frame,
} from '../../../src/sync/wire.ts';
import type { Hand, Made } from '../../replica/sync/hand.ts';

/** How a session ended, or what the relay said that shows that it goes on. */
export type Outcome = number | 'stored' | 'asked again' | 'answered';

/** Waits for the first of what a socket says that `read` knows, or for its end. */
function outcome(socket: WebSocket, read: (bytes: Uint8Array) => Outcome | undefined): Promise<Outcome> {
  return new Promise((resolve) => {
    socket.once('close', (code) => resolve(code));
    socket.on('message', (bytes: Buffer) => {
      const said = read(new Uint8Array(bytes));
      if (said !== undefined) resolve(said);
    });
  });
}

const at = (url: string, path: string): string => `${url.replace('http', 'ws')}${path}`;

/** A stock client of a document that sends one message. */
export async function bySync(
  to: { readonly url: string; readonly token: string; readonly workspace: string },
  document: string,
  message: Uint8Array,
): Promise<Outcome> {
  const path = `/sync/${to.workspace}/${document}`;
  const socket = new WebSocket(at(to.url, path), ['coterie.stored', `token.${to.token}`]);
  let asked = 0;
  const ended = outcome(socket, (bytes) => {
    if (bytes[0] === 120) return bytes[1] === 0 ? undefined : 'stored';
    if (bytes[0] === 0 && bytes[1] === 0) asked++;
    return asked > 1 ? 'asked again' : undefined;
  });
  // It is let in when it is asked for what it has.
  await once(socket, 'message');
  socket.send(message);
  const said = await ended;
  socket.terminate();
  return said;
}

/** Sends a message with an update, as a stock client does. */
export const syncUpdate = (update: Uint8Array): Uint8Array => plain.update(update);

/** A session of an admitted key, which says what it is told to. */
export interface MuxPeer {
  say(message: ControlMessage): void;
  sayOf(document: string, message: DocumentMessage): void;
  raw(frame: Uint8Array): void;
  /** Waits for the end, or for what shows that the session goes on. */
  readonly outcome: Promise<Outcome>;
  close(): void;
}

/** Dials, proves its key, and is let in by what admits it. */
export async function dialMux(url: string, hand: Hand, admission: Made): Promise<MuxPeer> {
  const socket = new WebSocket(at(url, '/mux'));
  const random = new Uint8Array(randomBytes(32));
  let aliases = 0;
  let asked = 0;
  let wrote = false;
  const say = (message: ControlMessage): void => socket.send(encodeControl(message));
  const ended = outcome(socket, (bytes) => {
    const frame = decodeFrame(bytes);
    if (frame.kind === 'control' && frame.message.type === 'stored' && frame.message.count > 0)
      return 'stored';
    if (frame.kind === 'control' && frame.message.type === 'pong') return 'answered';
    // The answer to the session's own begin is the first.
    if (frame.kind === 'document' && frame.message.type === 'step1' && wrote) asked++;
    return asked > 0 ? 'asked again' : undefined;
  });

  const met = new Promise<void>((resolve, reject) => {
    socket.once('close', (code) => reject(new Error(`not let in: ${code}`)));
    socket.on('message', (bytes: Buffer) => {
      const frame: Frame = decodeFrame(new Uint8Array(bytes));
      if (frame.kind !== 'control') return;
      const { message } = frame;
      if (message.type === 'hello')
        hand
          .sign(
            proofText({
              role: 'dial',
              workspace: hand.workspace,
              binding: '',
              theirRandom: message.random,
              ownRandom: random,
              theirKey: message.publicKey,
              ownKey: hand.publicKey,
            }),
          )
          .then((sig) => say({ type: 'prove', sig }), reject);
      else if (message.type === 'ask') say({ type: 'credentials', entries: hand.credentials(admission) });
      else if (message.type === 'root') {
        // Nothing differs, so that nothing else is said.
        say(message);
        resolve();
      }
    });
  });
  await once(socket, 'open');
  say({
    type: 'hello',
    versions: [1],
    workspace: hand.workspace,
    publicKey: hand.publicKey,
    random,
    capabilities: [],
  });
  await met;
  return {
    say,
    sayOf(document, message) {
      const alias = ++aliases;
      say({ type: 'name', alias, document });
      socket.send(encodeDocument(alias, message));
      wrote = true;
    },
    raw: (frame) => socket.send(frame),
    outcome: ended,
    close: () => socket.terminate(),
  };
}

/** Bytes on a connection that asked for a WebSocket; resolves when the relay has ended it. */
export async function byTcp(
  to: { readonly url: string; readonly token: string },
  path: string,
  bytes: Uint8Array,
): Promise<void> {
  const { port } = new URL(to.url);
  const tcp = connectTcp(Number(port), '127.0.0.1');
  tcp.on('error', () => undefined);
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    `Sec-WebSocket-Protocol: coterie, token.${to.token}`,
  ];
  tcp.write(`${lines.join('\r\n')}\r\n\r\n`);
  const [head] = (await once(tcp, 'data')) as [Buffer];
  if (!head.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error(head.toString('latin1'));
  tcp.resume();
  tcp.write(bytes);
  if (tcp.readyState !== 'closed') await once(tcp, 'close');
}
