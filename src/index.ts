/** Coterie, embedded: a replica in this process. */
export { CoterieError } from '../schemas/index.ts';
export { checkHandle } from './replica/bootstrap.ts';
export { examineDamaged } from './replica/doctor.ts';
export { configDirectory, openReplica } from './replica/open.ts';
export { restoreBackup } from './replica/restore.ts';
export { version } from './replica/status.ts';
export type {
  EventsOptions,
  LongWork,
  OpenOptions,
  PageOptions,
  Replica,
  Surface,
  WriteOptions,
} from './replica/surface.ts';
