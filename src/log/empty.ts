/** The state vector (Yjs v1) of a document that holds nothing. */
export const emptyVector: Uint8Array = Uint8Array.of(0);
/** An update (Yjs v1) without structs and deletions: both ends of an exchange say so when they have nothing to give. */
export const emptyUpdate: Uint8Array = Uint8Array.of(0, 0);

export const isEmptyVector = (vector: Uint8Array): boolean => vector.length === 1 && vector[0] === 0;
export const isEmptyUpdate = (update: Uint8Array): boolean =>
  update.length === 2 && update[0] === 0 && update[1] === 0;
