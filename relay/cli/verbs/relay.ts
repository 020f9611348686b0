import { join } from 'node:path';
import { type Call, misuse, type Verb } from '../call.ts';
import { doorsOf } from '../doors.ts';
import { dataDirectory } from '../settings.ts';
import { facts, tint } from '../show/terminal.ts';

/** What `relay --open` says, and prints with `--json`. */
interface Relay {
  readonly url: string;
  readonly directory: string;
}

const loopback: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

/** Which kind of relay is meant. Beyond this machine there is none that would be right for everybody. */
async function kindOf(call: Call): Promise<'open' | 'sealed' | 'readable'> {
  const kinds = ['sealed', 'readable'].filter((kind) => call.has(kind));
  if (kinds.length > 1) throw await misuse('a relay is --readable or --sealed, not both');
  const [kind] = kinds;
  if (kind === 'readable' || kind === 'sealed') return kind;
  const host = call.text('host');
  if (host !== undefined && !loopback.has(host))
    throw await misuse(
      `a relay that listens on ${host} is --readable or --sealed`,
      'A readable relay is a replica with all its doors; a sealed one keeps ciphertext and can read nothing.',
      ['--readable', '--sealed'],
    );
  const { outside } = await doorsOf(call);
  if (outside)
    throw await misuse(
      'an open relay is for this machine alone',
      'A --readable or --sealed relay has members, and may be reached from others.',
      ['--readable', '--sealed'],
    );
  if (!call.has('open'))
    throw await misuse('relay needs --open, --readable or --sealed', undefined, [
      '--open',
      '--readable',
      '--sealed',
    ]);
  return 'open';
}

/** Runs a relay until it is told to end. */
export const relay: Verb = async (call) => {
  const { out, signal } = call;
  const kind = await kindOf(call);
  const port = call.number('port');
  if (port !== undefined && port > 65_535) throw await misuse(`there is no port ${port}`);
  const close = await runners[kind](call, port);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  out.note('coterie: stopping');
  await close();
  return 0;
};

/** Runs an open relay. */
async function runOpen(call: Call, port: number | undefined): Promise<() => Promise<void>> {
  const { settings, out } = call;
  // Beside the workspace, not in it.
  const directory = settings.data ?? join(`${await dataDirectory(settings)}-relay`);
  const { startOpenRelay } = await import('../../rooms/open-relay.ts');
  const running = await startOpenRelay({ directory, port });
  const what: Relay = { url: running.url, directory: running.directory };
  if (out.json) out.data(what);
  else {
    const { view } = out;
    const lines = [
      facts(
        [
          ['url', tint(view, 'cyan', what.url)],
          ['directory', what.directory],
        ],
        view,
      ),
      '',
      tint(view, 'dim', 'any room of any name, for every program on this machine; Ctrl-C ends it'),
    ];
    out.print(lines.join('\n'));
  }
  return running.close;
}

/** Each is loaded when it is meant. */
const runners = {
  open: runOpen,
  sealed: async (call: Call, port: number | undefined) =>
    (await import('./relay-sealed.ts')).runSealed(call, port),
  readable: async (call: Call, port: number | undefined) =>
    (await import('./relay-readable.ts')).runReadable(call, port),
};
