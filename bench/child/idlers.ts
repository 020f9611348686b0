// Holds many sessions that do nothing.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import { answerEach, given } from '../support/child.ts';
import { comeMux, keysOf } from '../support/idle-mux.ts';
import { comePlain } from '../support/idle-plain.ts';
import { comeSealed, crowded, keysOfCrowded, mailboxAt } from '../support/idle-sealed.ts';
import { inParallel } from '../support/steps.ts';

export interface IdlersInput {
  readonly url: string;
  readonly count: number;
  /** Numbers the first of them, among those of all processes. */
  readonly first: number;
  /** For `/mux`: the file with the seeds of all, the workspace, and the document that each begins. */
  readonly mux?: { readonly seeds: string; readonly workspace: string; readonly document: string };
  /** For a sealed relay: the file with the seeds of all, its key, and whether many are in one mailbox or each in its own. */
  readonly sealed?: { readonly seeds: string; readonly key: string; readonly together: boolean };
}

/** `visit` resolves when some were there and went, `come` when all are there; `alive` says how many still are. */
export type IdlersQuestion = 'visit' | 'come' | 'alive';

const perRoom = 50;
const atOnce = 4;
const visiting = 100;

const { url, count, first, mux, sealed } = given<IdlersInput>();
const sockets: WebSocket[] = [];
const seeds = mux?.seeds ?? sealed?.seeds;
// Keys of the first mailboxes are of those with many.
const skipped = sealed && !sealed.together ? crowded : 0;
const keys = seeds === undefined ? [] : keysOf(readFileSync(seeds), first + skipped, count);

const one = (i: number, room: string): Promise<WebSocket> => {
  const key = keys[i];
  if (mux && key) return comeMux(url, mux.workspace, key, mux.document);
  if (sealed && key) {
    const number = sealed.together ? Math.floor((first + i) / keysOfCrowded) : first + i + crowded;
    return comeSealed(url, sealed.key, key, mailboxAt(number));
  }
  return comePlain(`${url}/${room}`, first + i + 1);
};

type Work = (socket: WebSocket) => Promise<unknown>;
const each = (many: number, roomOf: (i: number) => string, work: Work): Promise<void> =>
  inParallel(Array.from({ length: many }, (_, i) => i).values(), atOnce, async (i) =>
    work(await one(i, roomOf(i))),
  );

async function answer(question: IdlersQuestion): Promise<number> {
  if (question === 'visit')
    await each(
      Math.min(visiting, count),
      () => 'visited',
      async (socket) => {
        const closed = once(socket, 'close');
        socket.close();
        await closed;
      },
    );
  else if (question === 'come')
    await each(
      count,
      (i) => `idle-${Math.floor((first + i) / perRoom)}`,
      async (socket) => {
        sockets.push(socket);
      },
    );
  return sockets.filter(({ readyState }) => readyState === WebSocket.OPEN).length;
}

answerEach(null, answer, async () => {
  for (const socket of sockets) socket.terminate();
});
