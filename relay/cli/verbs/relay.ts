import { join } from 'node:path';
import { failure } from '../../../src/client/call.ts';
import { misuse, type Verb } from '../call.ts';
import { dataDirectory } from '../settings.ts';
import { facts, tint } from '../show/terminal.ts';

/** What `relay` says, and prints with `--json`. */
interface Relay {
  readonly url: string;
  readonly directory: string;
}

/** Runs an open relay until it is told to end. */
export const relay: Verb = async (call) => {
  const { settings, out, signal } = call;
  for (const kind of ['sealed', 'readable'])
    if (call.has(kind)) throw await failure('unsupported', `relay --${kind} is not there yet`);
  if (!call.has('open')) throw await misuse('relay needs --open', undefined, ['--open']);
  const port = call.number('port');
  if (port !== undefined && port > 65_535) throw await misuse(`there is no port ${port}`);
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
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  out.note('coterie: stopping');
  await running.close();
  return 0;
};
