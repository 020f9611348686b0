import { openReplica } from '../src/index.ts';
import { bareBatches, bareLoop, record } from './support/bare.ts';
import { type Asked, ascending, at, pairs, type Result, ratio, result, say } from './support/report.ts';
import { emptyPlace, type Place } from './support/workspace.ts';
import { introduced, postAll, postSingly, posts } from './support/writers.ts';

const writers = 64;
const defaultSize = 20_000;
/** Commits of a single writer in one run. */
const singles = 500;

async function inPlace<T>(work: (place: Place) => Promise<T>): Promise<T> {
  const place = emptyPlace();
  try {
    return await work(place);
  } finally {
    place.remove();
  }
}

const openIn = (place: Place) => openReplica({ directory: place.data, config: place.config, as: 'kai' });

const manyWriters = (count: number) =>
  inPlace(async (place) => {
    const replica = await openIn(place);
    const surfaces = await introduced(replica);
    const { rate } = await postAll(surfaces, writers, posts(count, 5));
    await replica.close();
    return rate;
  });

const singleWriter = () =>
  inPlace(async (place) => {
    const replica = await openIn(place);
    const [surface] = await introduced(replica);
    const times = surface ? await postSingly(surface, posts(singles, 5)) : [];
    await replica.close();
    return times;
  });

/** Durable commits beside a bare loop of the same rows: 64 writers, and one. */
export async function commits(asked: Asked): Promise<Result[]> {
  const count = asked.size ?? defaultSize;
  const recording = await inPlace((place) => record(place, writers, count, writers));
  say(`${recording.rowsEach.toFixed(1)} rows and ${recording.bytesEach.toFixed(0)} bytes an operation`);
  const many = await pairs(
    asked.pairs,
    () => manyWriters(count),
    () => inPlace((place) => bareLoop(place, recording)),
  );
  const one = await inPlace((place) => record(place, 1, singles, 1));
  const single = await pairs(asked.pairs, singleWriter, () => inPlace((place) => bareBatches(place, one)));
  const p50 = (runs: readonly number[][]) => runs.map((times) => at(ascending(times), 0.5));
  const p99 = (runs: readonly number[][]) => runs.map((times) => at(ascending(times), 0.99));
  return [
    result(`durable posts, ${writers} writers`, '/s', many.ours),
    result('bare loop of the same rows', '/s', many.theirs),
    ratio('ours to bare', many.ours, many.theirs, { least: 0.65 }),
    result('rows an operation', 'rows', [recording.rowsEach]),
    result('bytes of rows an operation', 'bytes', [recording.bytesEach]),
    result('operations a commit', '', [recording.group]),
    result('single writer, p50', 'ms', p50(single.ours)),
    result('bare synced batch of the same rows, p50', 'ms', p50(single.theirs)),
    ratio('single writer to bare batch, p50', p50(single.ours), p50(single.theirs), { most: 2.5 }),
    result('single writer, p99', 'ms', p99(single.ours)),
    result('bare synced batch, p99', 'ms', p99(single.theirs)),
  ];
}
