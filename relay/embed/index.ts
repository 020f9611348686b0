/** Coterie, embedded: a replica in this process, which may sync with others. */
export * from '../../src/index.ts';
export { type OpenOptions, openReplica, type Replica, type Sync, type SyncOptions } from './open.ts';
