/**
 * Runs a task in the next turn of the event loop, when what waits there has had its turn: an immediate on Node, a message
 * to itself elsewhere, where a timer would be held back to some milliseconds.
 */
export const inNextTurn: (task: () => void) => void =
  typeof setImmediate === 'function'
    ? (task) => void setImmediate(task)
    : (() => {
        const { port1, port2 } = new MessageChannel();
        const tasks: (() => void)[] = [];
        // As browsers have it: Node, which has immediates, names its events otherwise.
        Object.assign(port1, { onmessage: () => tasks.shift()?.() });
        return (task: () => void) => {
          tasks.push(task);
          port2.postMessage(undefined);
        };
      })();

/** Resolves in the next turn of the event loop. */
export const turn = (): Promise<void> => new Promise((resolve) => inNextTurn(resolve));
