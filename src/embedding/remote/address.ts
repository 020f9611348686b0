import { EmbeddingError } from '../port.ts';

/** Where requests go. */
export interface Address {
  readonly url: string;
  /** For people, and for the id: without a query, which may hold a secret. */
  readonly shown: string;
}

/**
 * The URL of a route below the one that was given: that itself if it ends so, else below its path, which is `root` where
 * the URL has none. Throws an `EmbeddingError` for what is no http URL, or holds a password.
 */
export function addressOf(given: string, root: string, route: string): Address {
  let url: URL;
  try {
    url = new URL(given);
  } catch {
    throw new EmbeddingError('The URL for embeddings is none: it begins with http:// or https://.');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new EmbeddingError(
      `The URL for embeddings begins with ${url.protocol}; it begins with http:// or https://.`,
    );
  if (url.username !== '' || url.password !== '')
    throw new EmbeddingError(
      'The URL for embeddings holds a name or password: give a key as the key instead.',
    );
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(route) ? path : `${path === '' ? root : path}${route}`;
  url.hash = '';
  return { url: url.href, shown: `${url.origin}${url.pathname}` };
}
