import { type Call, misuse } from '../call.ts';
import { facts, tint } from '../show/terminal.ts';

/** What a relay that replicas use says once it runs, and prints with `--json`. */
export interface RunningRelay {
  readonly url: string;
  readonly directory: string;
  /** Its listening key. */
  readonly key: string;
  /** Lets who has it in; null where nobody needs it. */
  readonly code: string | null;
  /** File that holds the token of the operator. */
  readonly operator: string;
}

const units: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes as people write them: `500M`, `2G`. */
export async function bytesOf(text: string): Promise<number> {
  const [, digits, unit = ''] = /^([1-9][0-9]{0,9})([KMGT]?)i?B?$/i.exec(text) ?? [];
  if (digits === undefined) throw await misuse(`--quota is a size, not ${text}`, 'For example: --quota 2G');
  return Number(digits) * (units[unit.toUpperCase()] ?? 1);
}

/** Says where a relay runs, and how a workspace comes to it. `thing`: what it keeps for one. */
export function sayRelay({ out }: Call, what: RunningRelay, thing: string): void {
  if (out.json) {
    out.data(what);
    return;
  }
  const { view } = out;
  const rows: [string, string][] = [
    ['url', tint(view, 'cyan', what.url)],
    ['directory', what.directory],
    ['key', what.key],
    ['enrolment', what.code ?? `open: anybody may make a ${thing} here`],
    ['operator', what.operator],
  ];
  const add = what.code === null ? what.url : `'${what.url}#${what.code}'`;
  const hint = tint(view, 'dim', `coterie remote add ${add}; Ctrl-C ends the relay`);
  out.print([facts(rows, view), '', hint].join('\n'));
}
