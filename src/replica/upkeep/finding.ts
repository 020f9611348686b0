import type { DoctorReport } from '../../../schemas/index.ts';

export type Finding = DoctorReport['findings'][number];

export const damaged = (
  what: string,
  message: string,
  hint = 'Restore a backup into a fresh directory: coterie restore',
): Finding => ({ what, state: 'damaged', message, hint });
