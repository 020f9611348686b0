import { WebSocket } from 'ws';
import { awareness, readMessage, step1, step2, writeAwareness } from '../../relay/rooms/room/wire.ts';

const empty = new Uint8Array([0, 0]);

/** A plain session that has said and heard what a stock client does at first, and then stays. Resolves when it is synced. */
export function comePlain(url: string, client: number): Promise<WebSocket> {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the relay hung up')));
    socket.once('open', () => {
      socket.send(step1(new Uint8Array([0])));
      socket.send(awareness(writeAwareness([{ client, clock: 1, state: '{}' }])));
    });
    socket.on('message', (bytes: Buffer) => {
      const message = readMessage(bytes);
      if (message.kind === 'vector') socket.send(step2(empty));
      else if (message.kind === 'update') resolve(socket);
    });
  });
}
