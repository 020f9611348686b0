import { serveIndex } from '../../../../src/search/serving.ts';
import type * as Original from '../../../../src/search/thread.ts';

/** The replica is in a worker already, which can't start another one: the index is served beside it. */
export const startThread: typeof Original.startThread = (start, events) => {
  let over = false;
  const told =
    <T>(hear: (of: T) => void) =>
    (of: T): void =>
      // A thread answers in a later turn.
      queueMicrotask(() => {
        if (!over) hear(of);
      });
  const exit = (): void => {
    if (over) return;
    over = true;
    queueMicrotask(() => events.exit());
  };
  const serving = serveIndex(start, undefined, told(events.message), exit);
  serving.catch((error: unknown) => {
    told(events.error)(error);
    exit();
  });
  return {
    post: (message) => void serving.then((serve) => over || serve(message)),
    hold: () => undefined,
    async terminate() {
      exit();
    },
  };
};
