/** What ends a verb from outside. */
export interface Stops {
  /** Aborted once. */
  readonly signal: AbortSignal;
  /** Resolves to the exit code, once something ends the verb. */
  readonly stopped: Promise<number>;
  readonly code: number | undefined;
  stop(code: number): void;
}

/** Ctrl-C ends a verb orderly; a second one ends the process at once. */
export function watchSignals(): Stops {
  const controller = new AbortController();
  let code: number | undefined;
  let resolved: (code: number) => void = () => undefined;
  const stopped = new Promise<number>((resolve) => {
    resolved = resolve;
  });
  const stop = (with_: number) => {
    if (code !== undefined) return;
    code = with_;
    controller.abort();
    resolved(with_);
  };
  const on = (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP', exit: number) =>
    process.on(name, () => {
      if (code !== undefined) process.exit(exit);
      stop(exit);
    });
  on('SIGINT', 130);
  on('SIGTERM', 143);
  on('SIGHUP', 129);
  return {
    signal: controller.signal,
    stopped,
    get code() {
      return code;
    },
    stop,
  };
}
