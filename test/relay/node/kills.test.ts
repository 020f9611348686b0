import { expect, it } from 'vitest';
import { killWhileStreaming } from './kills.ts';

it.each(['sse', 'websocket'] as const)(
  'a stream over %s misses nothing and repeats nothing across kills of the node',
  async (over) => {
    const { acknowledged, seen, cursors, kills } = await killWhileStreaming(300, 3, { over });
    expect(kills).toBe(3);
    expect(acknowledged.length).toBe(300);
    expect([...seen].sort()).toEqual([...acknowledged, 'the end'].sort());
    expect(new Set(cursors).size).toBe(cursors.length);
  },
  60_000,
);
