import { readFileSync } from 'node:fs';

/** One recorded change, in the order in which they happened. Paths are absolute. */
export type Step =
  /** A file or directory was opened; later steps name it by `fd`. */
  | {
      readonly kind: 'open';
      readonly fd: number;
      readonly path: string;
      readonly create: boolean;
      readonly truncate: boolean;
    }
  | { readonly kind: 'write'; readonly fd: number; readonly at: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly fd: number; readonly size: number }
  | { readonly kind: 'sync'; readonly fd: number }
  | { readonly kind: 'close'; readonly fd: number }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** Another name for a file. */
  | { readonly kind: 'link'; readonly from: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir' | 'rmdir'; readonly path: string }
  /** The process wrote to its standard output: what it says there is acknowledged from here on. */
  | { readonly kind: 'say'; readonly data: Buffer };

const HEAD_BYTES = 17;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;

/** Reads the records that shim.c wrote. A record cut off at the end (the process was killed) is left out. */
export function readTrace(path: string): Step[] {
  const bytes = readFileSync(path);
  const steps: Step[] = [];
  for (let at = 0; at + HEAD_BYTES <= bytes.length; ) {
    const kind = String.fromCharCode(bytes[at] ?? 0);
    const fd = bytes.readInt32LE(at + 1);
    const number = Number(bytes.readBigInt64LE(at + 5));
    const size = bytes.readUInt32LE(at + 13);
    const data = bytes.subarray(at + HEAD_BYTES, at + HEAD_BYTES + size);
    at += HEAD_BYTES + size;
    if (at > bytes.length) break;
    steps.push(stepOf(kind, fd, number, data));
  }
  return steps;
}

function stepOf(kind: string, fd: number, number: number, data: Buffer): Step {
  const path = (): string => data.toString('utf8');
  switch (kind) {
    case 'O':
      return {
        kind: 'open',
        fd,
        path: path(),
        create: (number & O_CREAT) !== 0,
        truncate: (number & O_TRUNC) !== 0,
      };
    case 'W':
      return { kind: 'write', fd, at: number, data };
    case 'T':
      return { kind: 'truncate', fd, size: number };
    case 'S':
      return { kind: 'sync', fd };
    case 'c':
      return { kind: 'close', fd };
    case 'R': {
      const [from = '', to = ''] = path().split('\u0000');
      return { kind: 'rename', from, to };
    }
    case 'L': {
      const [from = '', to = ''] = path().split('\u0000');
      return { kind: 'link', from, to };
    }
    case 'U':
      return { kind: 'unlink', path: path() };
    case 'M':
      return { kind: 'mkdir', path: path() };
    case 'X':
      return { kind: 'rmdir', path: path() };
    case 'A':
      return { kind: 'say', data };
    default:
      throw new Error(`A trace holds a record of the unknown kind ${JSON.stringify(kind)}.`);
  }
}

/** Lines that were said in full by the first `steps` steps. */
export function saidBy(trace: readonly Step[], steps: number): string[] {
  const said: Buffer[] = [];
  for (const step of trace.slice(0, steps)) {
    if (step.kind === 'say') said.push(step.data);
  }
  return Buffer.concat(said).toString('utf8').split('\n').slice(0, -1);
}
