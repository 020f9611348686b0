import type { Replica, Surface } from '../../src/index.ts';
import { inParallel, team } from './steps.ts';
import { createTexts } from './texts.ts';

/** Channels that writers share, all there from the beginning. */
export const shared = ['general', 'problems', 'shipping', 'dev', 'decisions'] as const;

export interface Post {
  readonly channel: string;
  readonly text: string;
}

export function* posts(count: number, seed: number): Generator<Post> {
  const text = createTexts(seed);
  for (let i = 0; i < count; i++) yield { channel: shared[i % shared.length] as string, text: text() };
}

/** Members that post in turn, each introduced already. */
export async function introduced(replica: Replica): Promise<Surface[]> {
  const surfaces = team.slice(0, 8).map((handle) => replica.as(handle));
  for (const surface of surfaces) await surface.messages.post('general', { text: 'hello' });
  return surfaces;
}

/** Posts from so many writers, each waiting for its own acknowledgement; resolves with posts a second. */
export async function postAll(
  surfaces: readonly Surface[],
  writers: number,
  all: Iterator<Post>,
): Promise<{ rate: number; count: number }> {
  let count = 0;
  const began = performance.now();
  await inParallel(all, writers, ({ channel, text }) => {
    const surface = surfaces[count++ % surfaces.length] as Surface;
    return surface.messages.post(channel, { text });
  });
  return { rate: (count / (performance.now() - began)) * 1000, count };
}

/** Posts one after the other; resolves with how long each took, ms. */
export async function postSingly(surface: Surface, all: Iterable<Post>): Promise<number[]> {
  const times: number[] = [];
  for (const { channel, text } of all) {
    const began = performance.now();
    await surface.messages.post(channel, { text });
    times.push(performance.now() - began);
  }
  return times;
}
