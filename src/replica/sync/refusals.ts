/** What of others was turned away since the replica was opened. */
export interface Refusals {
  /** Updates, and entries by key, that no honest replica sends. */
  readonly count: number;
  readonly last: { readonly document: string; readonly reason: string } | undefined;
  /** Sessions of another process that has this replica's own key. */
  readonly copies: number;
}
