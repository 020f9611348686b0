export * from './links.ts';
export type * from './port.ts';
export * from './session.ts';
export type { Settled } from './settled.ts';
