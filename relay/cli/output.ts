import type { View } from './show/terminal.ts';

/** Where a verb's output goes: answers to stdout, everything about the run to stderr. */
export interface Output {
  readonly json: boolean;
  readonly view: View;
  /** True when stderr is a terminal. */
  readonly interactive: boolean;
  /** Text for people, on stdout. */
  print(text: string): void;
  /** One JSON value on a line of its own, on stdout. */
  data(value: unknown): void;
  /** A remark, on stderr. */
  note(text: string): void;
  /** Resolves once stdout took what was written, or is gone. */
  flushed(): Promise<void>;
}

interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * Output to these streams. `closed` is told once when nobody reads stdout any more, as when `head` has had enough: from
 * then on nothing is written, and that is no error.
 */
export function createOutput(
  { stdout, stderr }: Streams,
  json: boolean,
  view: View,
  closed: () => void,
): Output {
  let gone = false;
  stdout.on('error', () => {
    if (gone) return;
    gone = true;
    closed();
  });
  // A remark that nobody reads is no reason to fail either.
  stderr.on('error', () => undefined);
  const write = (text: string) => {
    if (!gone) stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  };
  return {
    json,
    view,
    interactive: stderr.isTTY === true,
    print: (text) => {
      if (text !== '') write(text);
    },
    data: (value) => write(JSON.stringify(value)),
    note: (text) => {
      stderr.write(text.endsWith('\n') ? text : `${text}\n`);
    },
    flushed: () =>
      new Promise((resolve) => {
        if (gone) resolve();
        else stdout.write('', () => resolve());
      }),
  };
}
