import { describe, expect, it } from 'vitest';
import { frames, jsonLines } from '../../src/client/sse.ts';

async function* pieces(text: string, size: number): AsyncIterable<string> {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
}

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of from) found.push(one);
  return found;
}

describe('a stream of events', () => {
  const text =
    ': a comment\n\nid: e.1\nevent: message.post\ndata: {"a":1}\n\ndata:no space\ndata: two lines\nretry: 1000\n\nid: e.2\n\nevent: gap\ndata: {}\n\nid: e.3\ndata: half';
  const whole = [
    { event: 'message.post', data: '{"a":1}', id: 'e.1' },
    { event: 'message', data: 'no space\ntwo lines' },
    { event: 'gap', data: '{}' },
  ];

  it.each([1, 2, 3, 7, 1000])('reads the same in pieces of %i, and drops a half event', async (size) => {
    for (const end of ['\n', '\r\n', '\r']) {
      expect(await all(frames(pieces(text.replaceAll('\n', end), size)))).toEqual(whole);
    }
  });
});

describe('lines of JSON', () => {
  it.each([1, 5, 1000])('reads the same in pieces of %i', async (size) => {
    expect(await all(jsonLines(pieces('{"a":1}\n\n{"b":"\\n"}\n3', size)))).toEqual([
      { a: 1 },
      { b: '\n' },
      3,
    ]);
  });
});
