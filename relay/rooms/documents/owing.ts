/** Which messages of a socket count as stored. */
export interface Owing {
  /**
   * One more message is dealt with; answers how many count now. `complete`: nothing in it rests on something absent.
   * `whole`: it is all that its sender has, so that it makes good for what was dropped before.
   */
  settle(from: number, complete: boolean, whole: boolean): number;
  left(from: number): void;
}

/** A socket of which a part was dropped is told of nothing more until it has sent all that it has. */
export function createOwing(): Owing {
  const owed = new Map<number, number>();
  return {
    settle(from, complete, whole) {
      const due = owed.get(from);
      if (complete && (due === undefined || whole)) {
        owed.delete(from);
        return (due ?? 0) + 1;
      }
      owed.set(from, (due ?? 0) + 1);
      return 0;
    },
    left: (from) => void owed.delete(from),
  };
}
