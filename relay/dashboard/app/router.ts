import { computed, signal } from '@preact/signals';

/** Where the page is: `#/c/general?from=kai` has the path `['c', 'general']`. The node never sees it. */
export interface Place {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

function parse(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  return {
    path: path
      .split('/')
      .filter((part) => part !== '')
      .map((part) => {
        try {
          return decodeURIComponent(part);
        } catch {
          return part;
        }
      }),
    query: new URLSearchParams(query),
  };
}

const hash = signal(location.hash);
addEventListener('hashchange', () => {
  hash.value = location.hash;
});

/** Where the page is now. */
export const place = computed<Place>(() => parse(hash.value));

/** The address within the page: `href(['search'], { q: 'from:kai' })`. What is undefined is left out. */
export function href(
  path: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const said = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const asked = new URLSearchParams(said).toString();
  return `#/${path.map(encodeURIComponent).join('/')}${asked === '' ? '' : `?${asked}`}`;
}

/** Goes there; `replace` leaves no step to go back to. */
export function go(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) {
    history.replaceState(null, '', to);
    hash.value = location.hash;
  } else location.hash = to;
}
