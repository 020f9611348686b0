// coterie/log: read, check and write log documents with any Yjs client.
export * from '../op/index.ts';
export * from './client-id.ts';
export * from './digest.ts';
export * from './document.ts';
export { rootName } from './encode.ts';
export * from './mender.ts';
export * from './name.ts';
export * from './read.ts';
export * from './segment.ts';
export * from './writer.ts';
