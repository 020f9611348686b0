import { type Ref, ref } from '../draft.ts';
import { boundedSource } from '../sources.ts';

export const memberSource = (name: string): string => boundedSource(`reflectt:user:${name.trim()}`);
export const memberRef = (name: string): Ref => ref(memberSource(name));
export const channelSource = (name: string): string => boundedSource(`reflectt:channel:${name}`);
export const messageSource = (id: string): string => boundedSource(`reflectt:message:${id}`);
export const taskSource = (id: string): string => boundedSource(`reflectt:task:${id}`);

/** Blank is nobody. */
export const named = (name: string | null | undefined): string | undefined =>
  name === null || name === undefined || name.trim() === '' ? undefined : name.trim();
