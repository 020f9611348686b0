import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { failure } from '../../../src/client/call.ts';
import type { LongWork } from '../../../src/replica/surface.ts';
import { type Asking, asking, type Call, type Team, type Verb } from '../call.ts';
import { progressTo } from '../progress.ts';
import { remember, remembered } from '../reach/identity.ts';
import { dataDirectory } from '../settings.ts';
import { exported, imported } from '../show/node.ts';
import { size } from '../show/time.ts';

/** A path as the caller means it: the node may run somewhere else. */
const path = (call: Call, index: number): string => resolve(call.arg(index));

/** A verb that takes a while: it shows how far it is. */
function long<T>(
  write: boolean,
  work: (team: Team, call: Call, work: LongWork) => Promise<T>,
  show: Asking<T>['show'],
): Verb {
  return asking({
    write,
    async ask(team, call) {
      const shown = progressTo(call.out);
      try {
        return await work(team, call, { progress: shown.progress, signal: call.signal });
      } finally {
        shown.end();
      }
    },
    show,
  });
}

const formats = ['slack', 'beads', 'reflectt', 'coterie'] as const;
type Format = (typeof formats)[number];
const isFormat = (word: string): word is Format => formats.some((format) => format === word);

export const importVerb = long(
  true,
  async (team, call, work) => {
    const format = call.arg(0);
    if (!isFormat(format)) {
      const hint = `One of: ${formats.join(', ')}`;
      throw await failure('usage', `there is no import format ${format}`, { hint, legal: formats });
    }
    return team.import({ format, path: path(call, 1) }, work);
  },
  (summary, view, call) => imported(summary, call.has('verbose'), view),
);

export const exportVerb = long(
  false,
  (team, call, work) => team.export({ directory: path(call, 0) }, work),
  exported,
);

export const backup = long(
  false,
  async (team, call, work) => {
    const answer = await team.backup({ directory: path(call, 0) }, work);
    // What the command line keeps beside the data goes along, where the node wrote on this machine.
    if (existsSync(answer.directory))
      remember(answer.directory, remembered(await dataDirectory(call.settings)));
    return answer;
  },
  ({ directory, bytes }) => `${size(bytes)} in ${directory}`,
);

/** Needs a directory that nobody runs on, so it asks no node. */
export const restore: Verb = async (call) => {
  const directory = await dataDirectory(call.settings);
  const { restoreBackup } = await import('../../../src/index.ts');
  const shown = progressTo(call.out);
  try {
    const answer = await restoreBackup(
      { backup: path(call, 0), directory, alone: call.has('alone') },
      { progress: shown.progress, signal: call.signal },
    );
    shown.end();
    const kept = remembered(path(call, 0));
    remember(directory, kept);
    if (call.out.json) call.out.data(answer);
    else call.out.print(restored(answer, kept.member));
    return undefined;
  } finally {
    shown.end();
  }
};

/** A restored directory is not like any other, and says so. */
function restored(answer: { directory: string; alone: boolean }, member: string | undefined): string {
  const { directory, alone } = answer;
  const what = alone
    ? `restored into ${directory}, with a new key`
    : `restored into ${directory}: it writes nothing until it has met a peer; with no peer left, restore it --alone`;
  const who =
    member === undefined
      ? 'no member is named in the backup: start with --as NAME'
      : `it speaks as ${member}`;
  return `${what}\n${who}`;
}
