import type { Hash } from '../../../schemas/index.ts';

/** Tells who waits for it that who holds a task changed, once that is on disk. */
export interface Watch {
  changed(task: Hash): void;
  /** Resolves at the next change of the task, after `ms`, or when `signal` aborts. */
  next(task: Hash, ms: number, signal: AbortSignal): Promise<void>;
}

export function createWatch(timer: (task: () => void, ms: number) => () => void): Watch {
  const waiting = new Map<Hash, Set<() => void>>();
  return {
    changed(task) {
      for (const wake of [...(waiting.get(task) ?? [])]) wake();
    },
    next(task, ms, signal) {
      return new Promise((resolve) => {
        const stop = timer(wake, ms);
        const others = waiting.get(task) ?? new Set();
        function wake(): void {
          stop();
          signal.removeEventListener('abort', wake);
          others.delete(wake);
          if (others.size === 0 && waiting.get(task) === others) waiting.delete(task);
          resolve();
        }
        others.add(wake);
        waiting.set(task, others);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
      });
    },
  };
}
