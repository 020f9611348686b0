import type { RemoteInfo } from '../../../schemas/index.ts';
import { given } from '../../given.ts';
import { asking, misuse } from '../call.ts';
import { remotes, remote as remoteText } from '../show/machines.ts';

/** An origin, and the enrolment code behind its `#`. */
async function remoteOf(typed: string): Promise<{ url: string; code: string | undefined }> {
  const [, url = '', code] = /^(https?:\/\/[^\s/?#@]+)\/?(?:#([^\s#]+))?$/.exec(typed.trim()) ?? [];
  if (url === '')
    throw await misuse(
      'a remote is the URL of a relay or node, without a path',
      'For example: https://relay.example#CODE',
    );
  return { url, code };
}

export const remoteAdd = asking<RemoteInfo>({
  write: true,
  ask: async (team, call) => team.remotes.add(given(await remoteOf(call.arg(0)))),
  show: remoteText,
});

export const remoteRemove = asking<RemoteInfo>({
  write: true,
  ask: async (team, call) => team.remotes.remove((await remoteOf(call.arg(0))).url),
  show: (answer) => `${answer.url} is dialled no more; what it holds stays there`,
});

export const remoteStatus = asking({ ask: (team) => team.remotes.list(), show: remotes });
