import { createHash } from 'node:crypto';
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
  createHash('sha256').update(content).digest('hex').slice(0, 32);
