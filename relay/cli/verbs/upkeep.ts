import { join } from 'node:path';
import type { DoctorReport } from '../../../schemas/index.ts';
import type { LongWork } from '../../../src/replica/surface.ts';
import { given } from '../../given.ts';
import { asking, type Call, type Verb } from '../call.ts';
import { progressTo } from '../progress.ts';
import { remembered, speaker } from '../reach/identity.ts';
import { tokenFor } from '../reach/running.ts';
import { dataDirectory } from '../settings.ts';
import { doctor as doctorText, quarantined, status as statusText } from '../show/node.ts';
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
  if (call.has('quarantine')) return setAside(call);
  const shown = progressTo(call.out);
  try {
    const report = await examined(call, shown.progress);
    shown.end();
    if (call.out.json) call.out.data(report);
    else call.out.print(doctorText(report, call.out.view));
    return report.ok ? 0 : 1;
  } finally {
    shown.end();
  }
};

/** Looks at the directory itself, and so needs one that nobody runs on. */
async function setAside(call: Call): Promise<number> {
  const directory = await dataDirectory(call.settings);
  const { configDirectory, quarantine } = await import('../../../src/index.ts');
  const answer = await quarantine({
    directory,
    config: configDirectory(),
    workspace: call.text('workspace'),
    as: speaker(call.settings, remembered(directory), process.env).handle,
  });
  if (call.out.json) call.out.data(answer);
  else call.out.print(`${doctorText(answer.report, call.out.view)}\n${quarantined(directory, answer)}`);
  return 0;
}

/** A directory too damaged to open is looked at from outside. */
async function examined(call: Call, progress: LongWork['progress']): Promise<DoctorReport> {
  try {
    return await (await call.team()).doctor({ progress, signal: call.signal });
  } catch (error) {
    const damaged = error instanceof Error && 'code' in error && error.code === 'storage_corrupt';
    if (!damaged || call.settings.url !== undefined) throw error;
    const { examineDamaged } = await import('../../../src/index.ts');
    return examineDamaged(await dataDirectory(call.settings));
  }
}
