export * from './links.ts';
export type * from './port.ts';
export * from './session.ts';
