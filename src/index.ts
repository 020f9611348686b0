/** Coterie, embedded: a replica in this process. */
export { CoterieError } from '../schemas/index.ts';
export {
  type Embedder,
  EmbeddingError,
  type EmbeddingKind,
  type EmbeddingsSetting,
  type OllamaOptions,
  type OpenAiOptions,
  type VectorForm,
} from './embedding/index.ts';
export { configDirectory } from './replica/environment.ts';
export { openReplica } from './replica/open.ts';
export type { OpenOptions } from './replica/options.ts';
export type {
  EventsOptions,
  LongWork,
  PageOptions,
  Replica,
  Surface,
  WriteOptions,
} from './replica/surface.ts';
export { examineDamaged, type Quarantined, quarantine } from './replica/upkeep/quarantine.ts';
export { restoreBackup } from './replica/upkeep/restore.ts';
export { version } from './replica/version.ts';
export { checkHandle } from './replica/workspace/bootstrap.ts';
export {
  type JoinedDirectory,
  type JoinOptions,
  joinByTicket,
  joinedUpstreams,
} from './replica/workspace/joining.ts';
export { openMachineKey } from './replica/workspace/machine-key.ts';
