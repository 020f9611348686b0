import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerBuilt, PeerLoaded } from '../child/minisearch.ts';
import type { Built, Served } from '../child/text-index.ts';
import { runChild } from '../support/child.ts';
import type { Memory } from '../support/memory.ts';
import {
  type Asked,
  type Goal,
  inTurn,
  percentile,
  type Result,
  ratio,
  result,
  say,
} from '../support/report.ts';
import { dropDirectories } from '../support/workspace.ts';
import { openMessages } from './messages.ts';
import { type Asking, askingsOf } from './words.ts';

const defaultSize = 100_000;
const asking = 500;
const warming = 100;
const million = 1_000_000;

interface Ours {
  readonly built: Built;
  readonly served: Served;
}
interface Theirs {
  readonly built: PeerBuilt;
  readonly loaded: PeerLoaded | undefined;
}
interface Work {
  readonly slack: string | undefined;
  readonly count: number;
  readonly warming: readonly Asking[];
  readonly askings: readonly Asking[];
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-bench-search-'));
  try {
    return await work(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

const ours = (work: Work): Promise<Ours> =>
  inDirectory(async (root) => {
    const directory = join(root, 'search');
    mkdirSync(directory);
    const built = await runChild<Built>('text-index', { ...work, what: 'build', directory });
    dropDirectories(directory);
    const served = await runChild<Served>('text-index', { ...work, what: 'serve', directory });
    if (served.behind > 0) say(`the first answer after opening lacked ${served.behind} messages`);
    return { built, served };
  });

const theirs = (work: Work): Promise<Theirs> =>
  inDirectory(async (directory) => {
    const input = { ...work, file: join(directory, 'index.json') };
    // More than Node takes by itself: a million messages need it.
    const flags = ['--max-old-space-size=12000'];
    const built = await runChild<PeerBuilt>('minisearch', { ...input, what: 'build' }, flags);
    if (built.bytes === undefined) {
      say('minisearch: its JSON is longer than a string can be, so that it cannot be kept');
      return { built, loaded: undefined };
    }
    dropDirectories(directory);
    return { built, loaded: await runChild<PeerLoaded>('minisearch', { ...input, what: 'load' }, flags) };
  });

const resident = ({ anonymous, mapped }: Memory): number => anonymous + mapped;

const ownFigures = (runs: readonly Ours[], count: number, askings: readonly Asking[]): Result[] => {
  const of = (figure: (run: Ours) => number): number[] => runs.map(figure);
  const row = (what: string, unit: string, figure: (run: Ours) => number, goal?: Goal): Result =>
    result(what, unit, of(figure), goal);
  const share = (part: number) => (run: Ours) => percentile(run.served.times, part);
  const sorted = (run: Ours, isByTime: boolean): number[] =>
    run.served.times.filter((_, i) => (askings[i]?.sort === 'time') === isByTime);
  const limit = count >= million ? 600 : 400;
  return [
    row('index made', 'messages/s', ({ built }) => count / built.seconds),
    row(
      '  the messages alone, made and not indexed',
      'messages/s',
      ({ built }) => count / built.aloneSeconds,
    ),
    row('  longest stall of the event loop', 'ms', ({ built }) => built.stall, { most: 50 }),
    row('  memory, highest: anonymous', 'MB', ({ built }) => built.memory.anonymous),
    row('  anonymous + mapped', 'MB', ({ built }) => resident(built.memory), { most: limit }),
    row('  of which before anything was indexed', 'MB', ({ built }) => resident(built.before)),
    row('  on disk', 'bytes a message', ({ built }) => built.bytes / count),
    row('first answer after opening, nothing in the file cache', 'ms', ({ served }) => served.first),
    row('  messages that it lacked', '', ({ served }) => served.behind, { most: 0 }),
    row('  longest stall', 'ms', ({ served }) => served.loadStall, { most: 50 }),
    row('one search p50', 'ms', share(0.5), count >= million ? undefined : { most: 5 }),
    row('  p95', 'ms', share(0.95)),
    row('  p99', 'ms', share(0.99), count >= million ? { most: 200 } : undefined),
    row('  longest', 'ms', share(1)),
    row('  best first, p99', 'ms', (run) => percentile(sorted(run, false), 0.99)),
    row('  newest first, p99', 'ms', (run) => percentile(sorted(run, true), 0.99)),
    row('  longest stall', 'ms', ({ served }) => served.stall, { most: 50 }),
    row('  searches that found nothing', '', ({ served }) => served.totals.filter((n) => n === 0).length),
    row('  found, p50', '', ({ served }) => percentile(served.totals, 0.5)),
    row('from putting a message in to finding it, p50', 'ms', ({ served }) =>
      percentile(served.findable, 0.5),
    ),
    row('  p99', 'ms', ({ served }) => percentile(served.findable, 0.99), { most: 100 }),
    row('  longest stall', 'ms', ({ served }) => served.arrivalStall, { most: 50 }),
    row('memory of who asks, highest: anonymous', 'MB', ({ served }) => served.memory.anonymous),
    row('  anonymous + mapped', 'MB', ({ served }) => resident(served.memory), { most: limit }),
    row('  of which before the index was opened', 'MB', ({ served }) => resident(served.before)),
  ];
};

const peerFigures = (runs: readonly Theirs[], count: number): Result[] => {
  const row = (what: string, unit: string, figure: (run: Theirs) => number): Result =>
    result(`minisearch: ${what}`, unit, runs.map(figure));
  const loaded = runs.flatMap((run) => run.loaded ?? []);
  const bytes = runs.flatMap(({ built }) => built.bytes ?? []);
  const times = (which: 'prefix' | 'whole', name: string): Result[] => {
    const share = (of: number) => (run: Theirs) => percentile(run.built[which], of);
    const totals = ({ built }: Theirs) => built[`${which}Totals`];
    return [
      row(`${name}, p50`, 'ms', share(0.5)),
      row(`${name}, p95`, 'ms', share(0.95)),
      row(`${name}, p99`, 'ms', share(0.99)),
      row(`${name}, longest`, 'ms', share(1)),
      row(`${name}, searches that found nothing`, '', (run) => totals(run).filter((n) => n === 0).length),
      row(`${name}, found, p50`, '', (run) => percentile(totals(run), 0.5)),
    ];
  };
  const kept = (what: string, unit: string, figures: readonly number[]): Result[] =>
    figures.length === 0 ? [] : [result(`minisearch: ${what}`, unit, figures)];
  return [
    row('index made', 'messages/s', ({ built }) => count / built.seconds),
    row('longest stall meanwhile', 'ms', ({ built }) => built.stall),
    row('memory, highest: anonymous + mapped', 'MB', ({ built }) => resident(built.memory)),
    row('of which before', 'MB', ({ built }) => resident(built.before)),
    ...times('prefix', 'words or beginnings'),
    ...times('whole', 'whole words'),
    ...kept(
      'JSON',
      'bytes a message',
      bytes.map((size) => size / count),
    ),
    ...kept(
      'first answer from its JSON',
      'ms',
      loaded.map((run) => run.first),
    ),
    ...kept(
      'longest stall meanwhile, from its JSON',
      'ms',
      loaded.map((run) => run.stall),
    ),
  ];
};

/**
 * The index by itself, as a replica opens it, beside minisearch as it comes: the messages of the Slack export, repeated
 * with other words in them, and 500 searches of one to three of their words. Each side runs in processes of its own; ours
 * is asked by another process than the one that made it.
 */
export async function fullText(asked: Asked): Promise<Result[]> {
  const { slack } = asked;
  if (slack === undefined) say('no --slack: the messages are invented');
  const count = asked.size ?? defaultSize;
  const messages = await openMessages(slack);
  const texts = Array.from({ length: messages.real }, (_, i) => messages.text(i));
  const anyText = (draw: number): string => messages.text(Math.floor(draw * count));
  const askings = askingsOf(texts, anyText, asking, 11);
  const work: Work = { slack, count, warming: askingsOf(texts, anyText, warming, 12), askings };
  const runs = await inTurn<Ours | Theirs, 'ours' | 'theirs'>(asked.pairs, {
    ours: () => ours(work),
    theirs: () => theirs(work),
  });
  const [own, others] = [runs.ours as Ours[], runs.theirs as Theirs[]];
  const tail = (times: readonly number[]): number => percentile(times, 0.99);
  const compared = (name: string, which: 'prefix' | 'whole'): Result =>
    ratio(
      `one search p99, to minisearch, ${name}`,
      own.map(({ served }) => tail(served.times)),
      others.map(({ built }) => tail(built[which])),
      { most: 1 },
    );
  return [
    ...ownFigures(own, count, askings),
    ...peerFigures(others, count),
    compared('words or beginnings', 'prefix'),
    compared('whole words', 'whole'),
    result('unlike searches, drawn by seed', '', [new Set(askings.map(({ text }) => text)).size]),
  ];
}
