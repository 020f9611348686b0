/** One of the closed list. */
export interface ErrorKind {
  /** HTTP status. */
  readonly status: number;
  /** Exit code of the command line. */
  readonly exit: number;
  /** What it means, one sentence, as in the documentation. */
  readonly meaning: string;
  /** What to do, when the place that raised it has nothing better to say. */
  readonly hint: string;
}

export const kind = (status: number, exit: number, meaning: string, hint: string): ErrorKind => ({
  status,
  exit,
  meaning,
  hint,
});
