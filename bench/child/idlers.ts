// Holds many sessions that do nothing.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { findMachineWorkspace } from '../../src/replica/workspace/machine.ts';
import { answerEach, given } from '../support/child.ts';
import { comeMux, type Key, makeKey } from '../support/idle-mux.ts';
import { comePlain } from '../support/idle-plain.ts';
import { inParallel } from '../support/steps.ts';

export interface IdlersInput {
  readonly url: string;
  readonly count: number;
  /** Different for each process. */
  readonly number: number;
  /** For `/mux`: where the workspace's secret lies, its id, and the document that each begins. */
  readonly mux?: { readonly config: string; readonly workspace: string; readonly document: string };
}

/** `come` resolves when all are there, `visit` when all were there, a few at a time; `alive` says how many still are. */
export type IdlersQuestion = 'visit' | 'come' | 'alive';

const perRoom = 50;
const atOnce = 4;

const { url, count, number, mux } = given<IdlersInput>();
const sockets: WebSocket[] = [];
const workspace = mux && (await findMachineWorkspace(mux.config, mux.workspace));
const keys: Key[] = [];
if (workspace) for (let i = 0; i < count; i++) keys.push(await makeKey(workspace));

const one = (i: number, room: string): Promise<WebSocket> => {
  const key = keys[i];
  if (mux && key) return comeMux(url, mux.workspace, key, mux.document);
  return comePlain(`${url}/${room}`, number * 100_000 + i + 1);
};

type Work = (socket: WebSocket) => Promise<unknown>;
const each = (roomOf: (i: number) => string, work: Work): Promise<void> =>
  inParallel(Array.from({ length: count }, (_, i) => i).values(), atOnce, async (i) =>
    work(await one(i, roomOf(i))),
  );

async function answer(question: IdlersQuestion): Promise<number> {
  if (question === 'visit')
    await each(
      () => 'visited',
      async (socket) => {
        const closed = once(socket, 'close');
        socket.close();
        await closed;
      },
    );
  else if (question === 'come')
    await each(
      (i) => `idle-${number}-${Math.floor(i / perRoom)}`,
      async (socket) => {
        sockets.push(socket);
      },
    );
  return sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
}

answerEach(null, answer, async () => {
  for (const socket of sockets) socket.terminate();
});
