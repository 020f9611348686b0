import type * as Original from '../../../../src/replica/upkeep/size.ts';

/** What the browser keeps for this page, about. */
export const directoryBytes: typeof Original.directoryBytes = async () =>
  (await navigator.storage?.estimate?.())?.usage ?? 0;
