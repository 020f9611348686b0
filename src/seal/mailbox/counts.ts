/** What a relay counts over all its mailboxes. It names none of them. */
export interface Counts {
  /** Mailboxes in memory, and sessions. */
  open: number;
  sessions: number;
  created: number;
  appended: number;
  appendedBytes: number;
  read: number;
  readBytes: number;
  /** Records that went to others as they came, and those that were held back for a reader who was too slow. */
  entries: number;
  lagged: number;
  trimmed: number;
  letters: number;
  admissions: number;
  /** Answers with an error, by its name. */
  readonly refused: Map<string, number>;
  /** Sessions that ended, by close code. */
  readonly closes: Map<number, number>;
}

export const openCounts = (): Counts => ({
  open: 0,
  sessions: 0,
  created: 0,
  appended: 0,
  appendedBytes: 0,
  read: 0,
  readBytes: 0,
  entries: 0,
  lagged: 0,
  trimmed: 0,
  letters: 0,
  admissions: 0,
  refused: new Map(),
  closes: new Map(),
});

export const count = <K>(map: Map<K, number>, key: K): void => {
  map.set(key, (map.get(key) ?? 0) + 1);
};
