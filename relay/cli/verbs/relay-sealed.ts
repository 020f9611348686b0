import type { Call } from '../call.ts';
import { doorsOf } from '../doors.ts';
import { dataDirectory } from '../settings.ts';
import { bytesOf, type RunningRelay, sayRelay } from './relay-said.ts';

/** Runs a relay that can read nothing of what it keeps, until it is told to end. */
export async function runSealed(call: Call, port: number | undefined): Promise<() => Promise<void>> {
  const { settings } = call;
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
  const what: RunningRelay = {
    ...{ url, directory: running.directory, key, operator },
    code: open ? null : running.code,
  };
  sayRelay(call, what, 'mailbox');
  return running.close;
}
