import { join } from 'node:path';
import { asking, given, type Verb } from '../call.ts';
import { progressTo } from '../progress.ts';
import { tokenFor } from '../reach/running.ts';
import { dataDirectory } from '../settings.ts';
import { doctor as doctorText, status as statusText } from '../show/node.ts';
import { size } from '../show/time.ts';

export const status = asking({ ask: (team) => team.status(), show: statusText });

/** Prints the token alone on stdout, so that `$(coterie token kai)` is one. */
export const token: Verb = async (call) => {
  const directory = await dataDirectory(call.settings);
  const handle = call.arg(0);
  const value = await tokenFor(directory, handle);
  const file = join(directory, 'tokens', handle);
  if (call.out.json) call.out.data({ handle, token: value, file });
  else {
    call.out.print(value);
    if (call.out.interactive) call.out.note(`coterie: it names ${handle}, and lies in ${file}`);
  }
  return undefined;
};

export const compact = asking({
  ask: async (team, call) => {
    const shown = progressTo(call.out);
    try {
      const { progress } = shown;
      return await team.compact(given({ keep: call.number('keep') }), { progress, signal: call.signal });
    } finally {
      shown.end();
    }
  },
  show: ({ before, after }) => `${size(before)} before, ${size(after)} after`,
});

/** Exit code 1 when something is damaged. */
export const doctor: Verb = async (call) => {
  const team = await call.team();
  const shown = progressTo(call.out);
  try {
    const report = await team.doctor({ progress: shown.progress, signal: call.signal });
    shown.end();
    if (call.out.json) call.out.data(report);
    else call.out.print(doctorText(report, call.out.view));
    return report.ok ? 0 : 1;
  } finally {
    shown.end();
  }
};
