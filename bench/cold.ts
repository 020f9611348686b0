import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Listening } from './child/node.ts';
import { startChild } from './support/child.ts';
import { type Asked, median, pairs, type Result, ratio, result } from './support/report.ts';
import { emptyPlace } from './support/workspace.ts';

const entry = fileURLToPath(new URL('../relay/cli/coterie.cjs', import.meta.url));
/** Starts whose median is one figure of a pair. */
const defaultSize = 11;

/** From the start of a process of Node to its end, ms. */
async function lasts(args: readonly string[], env: Record<string, string>): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: 'ignore' });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.join(' ')} ended with ${code}`);
  return performance.now() - begun;
}

/** A cold `coterie post` beside a running node, from its start to its end, against Node that does nothing. */
export async function cold(asked: Asked): Promise<Result[]> {
  const starts = asked.size ?? defaultSize;
  const place = emptyPlace();
  const child = await startChild<Listening>('node', { ...place, as: 'kai' });
  const env = { HOME: place.config, COTERIE_DATA: place.data, COTERIE_AS: 'kai' };
  const some = async (args: readonly string[]): Promise<number> => {
    const each: number[] = [];
    for (let i = 0; i < starts; i++) each.push(await lasts(args, env));
    return median(each);
  };
  try {
    const post = [entry, 'post', 'general', 'Hello.'];
    // The first makes the member, and is told of it.
    await lasts(post, env);
    const { ours, theirs } = await pairs(
      asked.pairs,
      () => some(post),
      () => some(['-e', '0']),
    );
    return [
      result('coterie post, from start to end', 'ms', ours),
      result('  node -e 0', 'ms', theirs),
      ratio('  coterie post to node -e 0', ours, theirs, { most: 2.5 }),
    ];
  } finally {
    await child.end();
    place.remove();
  }
}
