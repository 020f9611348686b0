/**
 * How many letters must change, come, go or swap with their neighbour to make one word of another; `most + 1` when it is
 * more than `most`.
 */
export function editDistance(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  let twoBefore: number[] = [];
  let before = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 0; row < one.length; row++) {
    const now = [row + 1];
    let least = row + 1;
    for (let at = 0; at < other.length; at++) {
      const [letter, wanted] = [one[row], other[at]];
      let here = Math.min(
        (now[at] ?? 0) + 1,
        (before[at + 1] ?? 0) + 1,
        (before[at] ?? 0) + (letter === wanted ? 0 : 1),
      );
      const isSwap = row > 0 && at > 0 && letter === other[at - 1] && one[row - 1] === wanted;
      if (isSwap) here = Math.min(here, (twoBefore[at - 1] ?? 0) + 1);
      now.push(here);
      least = Math.min(least, here);
    }
    if (least > most) return most + 1;
    twoBefore = before;
    before = now;
  }
  return Math.min(before[other.length] ?? 0, most + 1);
}
