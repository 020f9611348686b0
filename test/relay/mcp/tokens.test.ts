import { countTokens as cl100k } from 'gpt-tokenizer/encoding/cl100k_base';
import { countTokens as o200k } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, it } from 'vitest';
import { listed } from '../../../relay/mcp/tool.ts';
import { tools } from '../../../relay/mcp/tools/index.ts';

it.each([
  ['o200k_base', o200k],
  ['cl100k_base', cl100k],
])('the whole answer to tools/list is under 1,200 tokens of %s', (_, count) => {
  expect(count(JSON.stringify({ tools: tools.map(listed) }))).toBeLessThan(1200);
});
