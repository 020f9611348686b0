import { type Call, misuse } from '../call.ts';
import { doorsOf } from '../doors.ts';
import { dataDirectory } from '../settings.ts';
import { facts, tint } from '../show/terminal.ts';

/** What `relay --sealed` says, and prints with `--json`. */
interface Sealed {
  readonly url: string;
  readonly directory: string;
  /** Its listening key. */
  readonly key: string;
  /** Lets who has it make a mailbox; null where nobody needs it. */
  readonly code: string | null;
  /** File that holds the token of the operator. */
  readonly operator: string;
}

const units: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 };

/** Bytes as people write them: `500M`, `2G`. */
async function bytesOf(text: string): Promise<number> {
  const [, digits, unit = ''] = /^([1-9][0-9]{0,9})([KMGT]?)i?B?$/i.exec(text) ?? [];
  if (digits === undefined) throw await misuse(`--quota is a size, not ${text}`, 'For example: --quota 2G');
  return Number(digits) * (units[unit.toUpperCase()] ?? 1);
}

/** Runs a relay that can read nothing of what it keeps, until it is told to end. */
export async function runSealed(call: Call, port: number | undefined): Promise<() => Promise<void>> {
  const { settings, out } = call;
  const quota = call.text('quota');
  const bytes = quota === undefined ? undefined : await bytesOf(quota);
  // Beside the workspace, not in it.
  const directory = settings.data ?? `${await dataDirectory(settings)}-sealed`;
  const { startSealedRelay } = await import('../../sealed/relay.ts');
  const open = call.has('open');
  const running = await startSealedRelay({
    ...{ directory, port, open },
    ...(await doorsOf(call)),
    limits: bytes === undefined ? undefined : { bytes },
  });
  const { url, key, operator } = running;
  const what: Sealed = {
    ...{ url, directory: running.directory, key, operator },
    code: open ? null : running.code,
  };
  if (out.json) out.data(what);
  else {
    const { view } = out;
    const rows: [string, string][] = [
      ['url', tint(view, 'cyan', url)],
      ['directory', what.directory],
      ['key', key],
      ['enrolment', what.code ?? 'open: anybody may make a mailbox here'],
      ['operator', operator],
    ];
    const add = what.code === null ? url : `'${url}#${what.code}'`;
    const lines = [
      facts(rows, view),
      '',
      tint(view, 'dim', `coterie remote add ${add}; Ctrl-C ends the relay`),
    ];
    out.print(lines.join('\n'));
  }
  return running.close;
}
