import { appendFileSync } from 'node:fs';
import { availableParallelism, loadavg, totalmem } from 'node:os';

/** What a benchmark is asked for. */
export interface Asked {
  /** Messages in the workspace, or operations written: each benchmark says which. */
  readonly size: number | undefined;
  /** Alternating pairs, or runs where there is nothing to compare with. */
  readonly pairs: number;
  /** Where made workspaces are kept between runs. */
  readonly cache: string;
  /** Where other servers are installed, or will be; without it there is nothing to compare a relay with. */
  readonly peers: string | undefined;
  /** A Slack export; without it one is invented. */
  readonly slack: string | undefined;
  /** Makes workspaces anew though they are there. */
  readonly fresh: boolean;
}

/** One figure: the median of its runs. */
export interface Result {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** `most` is a limit from above, `least` one from below; a figure without a goal is there to explain others. */
  readonly goal?: { readonly most: number } | { readonly least: number } | undefined;
  /** Every run, in order. */
  readonly runs?: readonly number[] | undefined;
}

export type Goal = NonNullable<Result['goal']>;

export const ascending = (figures: readonly number[]): number[] => [...figures].sort((a, b) => a - b);

/** The figure below which that share of all lies, of figures in ascending order. */
export const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

export const percentile = (figures: readonly number[], share: number): number =>
  at(ascending(figures), share);

export function median(figures: readonly number[]): number {
  const sorted = ascending(figures);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** The median of several runs. */
export const result = (what: string, unit: string, runs: readonly number[], goal?: Goal): Result => ({
  what,
  value: median(runs),
  unit,
  goal,
  runs,
});

/** The ratio of two things measured in turn: the median of the pairs' own ratios. */
export const ratio = (
  what: string,
  ours: readonly number[],
  theirs: readonly number[],
  goal?: Goal,
): Result => {
  const runs = ours.map((one, i) => one / (theirs[i] ?? Number.NaN));
  return result(what, '×', runs, goal);
};

/** Runs things in turn, so many rounds, another one first in each, so that drift hits all of them. */
export async function inTurn<T, Name extends string>(
  rounds: number,
  sides: Readonly<Record<Name, (round: number) => Promise<T>>>,
): Promise<Record<Name, T[]>> {
  const names = Object.keys(sides) as Name[];
  const done = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>;
  for (let round = 0; round < rounds; round++) {
    const first = round % names.length;
    for (const name of [...names.slice(first), ...names.slice(0, first)])
      done[name].push(await sides[name](round));
  }
  return done;
}

/** Runs two things in turn, the other one first in each second pair. */
export const pairs = <T>(
  count: number,
  ours: (round: number) => Promise<T>,
  theirs: (round: number) => Promise<T>,
): Promise<{ ours: T[]; theirs: T[] }> => inTurn(count, { ours, theirs });

export const reached = ({ value, goal }: Result): boolean | undefined => {
  if (goal === undefined) return undefined;
  return 'most' in goal ? value <= goal.most : value >= goal.least;
};

const number = (value: number): string =>
  Math.abs(value) >= 1000
    ? Math.round(value).toLocaleString('en')
    : value.toFixed(Math.abs(value) >= 100 ? 0 : 2);

/** What the figures were measured on. The load is that of the whole machine, this run's own included. */
export const machine = () => ({
  date: new Date().toISOString(),
  node: process.version,
  cores: availableParallelism(),
  gibibytes: Math.round(totalmem() / 2 ** 30),
  load: Number((loadavg()[0] ?? 0).toFixed(1)),
});

const cells = (one: Result): string[] => {
  const { goal, runs = [] } = one;
  const met = reached(one);
  const limit =
    goal === undefined ? '' : 'most' in goal ? `≤ ${number(goal.most)}` : `≥ ${number(goal.least)}`;
  const spread = runs.length > 1 ? `${number(Math.min(...runs))} … ${number(Math.max(...runs))}` : '';
  return [
    one.what,
    `${number(one.value)} ${one.unit}`,
    limit,
    met === undefined ? '' : met ? 'yes' : 'MISSED',
    spread,
  ];
};

/** The figures for people. */
export function table(results: readonly Result[]): string {
  const rows = [['', 'median', 'goal', 'reached', 'runs'], ...results.map(cells)];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i === 1 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The figures for programs, one a line. */
export function lines(bench: string, asked: Asked, results: readonly Result[]): string[] {
  const facts = machine();
  const round = (value: number): number => Number(value.toPrecision(5));
  return results.map((one) =>
    JSON.stringify({
      bench,
      ...one,
      value: round(one.value),
      runs: one.runs?.map(round),
      reached: reached(one),
      size: asked.size,
      machine: facts,
    }),
  );
}

export function publish(bench: string, asked: Asked, results: readonly Result[], file?: string): void {
  const { date, node, cores, gibibytes, load } = machine();
  console.log(`\n${bench}: ${cores} cores, ${gibibytes} GiB, Node ${node}, ${date}, load average ${load}\n`);
  console.log(table(results));
  console.log();
  for (const line of lines(bench, asked, results)) {
    console.log(line);
    if (file !== undefined) appendFileSync(file, `${line}\n`);
  }
}

/** Says on stderr what is going on. */
export const say = (text: string): void => {
  process.stderr.write(`bench: ${text}\n`);
};
