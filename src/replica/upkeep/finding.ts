import type { DoctorReport } from '../../../schemas/index.ts';

export type Finding = DoctorReport['findings'][number];

export const damaged = (
  what: string,
  message: string,
  hint = 'Stop what runs on it and fill a fresh one from peers: coterie doctor --quarantine; or restore a backup: coterie restore',
): Finding => ({ what, state: 'damaged', message, hint });
