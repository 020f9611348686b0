import type * as Original from '../../../../src/search/text/stored.ts';

type Class = typeof Original.Stored;

/** The part of the index that is on a disk. */
export const Stored: Pick<Class, 'open'> = {
  open: () => Promise.reject(new TypeError('there is no disk here')),
};
