import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Call } from '../call.ts';
import { remembered, speaker } from '../reach/identity.ts';
import { dataDirectory } from '../settings.ts';

/** What a command is told of, besides the whole of it. */
export interface About {
  readonly kind: string;
  readonly id: string;
  readonly subject: string;
  readonly by: string;
  readonly text: string;
}

/** The longest value of a variable that is passed on, bytes: Linux takes 128 KiB. */
const MOST = 96 * 1024;

/** Who speaks and where, for the command's own calls of `coterie`. */
async function forItsCalls({ settings }: Call): Promise<Record<string, string>> {
  const { data, url, token } = settings;
  const place = {
    ...(data === undefined ? {} : { COTERIE_DATA: resolve(data) }),
    ...(url === undefined ? {} : { COTERIE_URL: url }),
  };
  if (token !== undefined) return place;
  const { handle } = speaker(settings, remembered(await dataDirectory(settings)), process.env);
  return { ...place, COTERIE_AS: handle };
}

/**
 * Runs a command of the shell, with the item as JSON on stdin and in variables. Resolves to its exit code, to the name
 * of the signal that ended it, or to undefined when this process is told to end first: then it is ended as well.
 */
export async function execute(
  call: Call,
  command: string,
  item: object,
  about: About,
): Promise<number | string | undefined> {
  const json = JSON.stringify(item);
  const told: Record<string, string> = {
    COTERIE_ITEM: json,
    COTERIE_KIND: about.kind,
    COTERIE_ID: about.id,
    COTERIE_SUBJECT: about.subject,
    COTERIE_BY: about.by,
    COTERIE_TEXT: about.text,
  };
  const fitting = Object.entries(told).filter(
    ([, value]) => Buffer.byteLength(value) <= MOST && !value.includes('\0'),
  );
  const env = { ...process.env, ...(await forItsCalls(call)), ...Object.fromEntries(fitting) };
  const { signal } = call;
  if (signal.aborted) return undefined;
  return new Promise((done, fail) => {
    // A group of its own, so that what the shell started ends with it.
    const detached = process.platform !== 'win32';
    const child = spawn(command, { shell: true, detached, env, stdio: ['pipe', 'inherit', 'inherit'] });
    const end = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(detached ? -child.pid : child.pid, 'SIGTERM');
      } catch {
        // It has just ended.
      }
    };
    signal.addEventListener('abort', end, { once: true });
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${json}\n`);
    child.on('error', fail);
    child.on('close', (code, by) => {
      signal.removeEventListener('abort', end);
      done(signal.aborted ? undefined : (code ?? by ?? 'nothing'));
    });
  });
}
