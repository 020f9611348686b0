import type { Call } from '../call.ts';
import { doorsOf } from '../doors.ts';
import { dataDirectory } from '../settings.ts';
import { bytesOf, type RunningRelay, sayRelay } from './relay-said.ts';

/** Runs a relay that is a replica of every workspace that it hosts, until it is told to end. */
export async function runReadable(call: Call, port: number | undefined): Promise<() => Promise<void>> {
  const { settings } = call;
  const quota = call.text('quota');
  const bytes = quota === undefined ? undefined : await bytesOf(quota);
  // Beside the workspace, not in it.
  const directory = settings.data ?? `${await dataDirectory(settings)}-readable`;
  const { startReadableRelay } = await import('../../hosted/relay.ts');
  const open = call.has('open');
  const running = await startReadableRelay({
    ...{ directory, port, open },
    ...(await doorsOf(call)),
    limits: bytes === undefined ? undefined : { bytes },
  });
  const { url, key, operator } = running;
  const what: RunningRelay = {
    ...{ url, directory: running.directory, key, operator },
    code: open ? null : running.code,
  };
  sayRelay(call, what, 'workspace');
  return running.close;
}
