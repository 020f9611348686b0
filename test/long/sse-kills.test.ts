import { expect, it } from 'vitest';
import { killWhileStreaming } from '../relay/node/kills.ts';

it('a stream of 2,000 messages misses nothing and repeats nothing across 10 kills of the node', async () => {
  const { acknowledged, seen, cursors, kills } = await killWhileStreaming(2_000, 10, 8);
  expect(kills).toBe(10);
  expect(acknowledged.length).toBe(2_000);
  expect([...seen].sort()).toEqual([...acknowledged, 'the end'].sort());
  expect(new Set(cursors).size).toBe(cursors.length);
});
