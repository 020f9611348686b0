import { expect, it } from 'vitest';
import { killWhileStreaming } from '../relay/node/kills.ts';

it.each(['sse', 'websocket'] as const)(
  'a stream of 10,000 messages over %s misses nothing and repeats nothing across 20 kills of the node',
  async (over) => {
    const { acknowledged, seen, cursors, kills } = await killWhileStreaming(10_000, 20, { writers: 8, over });
    expect(kills).toBe(20);
    expect(acknowledged.length).toBe(10_000);
    expect([...seen].sort()).toEqual([...acknowledged, 'the end'].sort());
    expect(new Set(cursors).size).toBe(cursors.length);
  },
);
