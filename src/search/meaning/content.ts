import { nodeCrypto } from '../../keys/node.ts';
import { utf8 } from '../../op/index.ts';
import type { SearchDocument } from '../types.ts';

/** What of a document is embedded: how it is called, then what it says. */
export const contentOf = ({
  title,
  text,
  tags = [],
}: Pick<SearchDocument, 'title' | 'text' | 'tags'>): string =>
  [title, text, tags.join(' ')].filter((part) => part !== undefined && part.trim() !== '').join('\n');

/** Names a content: documents of equal content have one vector. 32 hexadecimal digits. */
export const hashOf = (content: string): string =>
  Array.from(nodeCrypto.sha256(utf8(content)).subarray(0, 16), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
