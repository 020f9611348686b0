import type * as Original from '../../../../src/replica/embedder.ts';

/** The model runs at the node. */
export const embedderOf: typeof Original.embedderOf = () => ({
  off: 'the page has no model; the node has',
  close: async () => undefined,
});
