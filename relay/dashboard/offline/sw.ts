// The service worker: it keeps the files of the page, so that the page opens with the node gone. What the page shows is
// in its replica; answers of the node are never kept.
declare const __COTERIE_FILES__: readonly string[];
declare const __COTERIE_BUILD__: string;

const worker = self as unknown as {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  skipWaiting(): Promise<void>;
  addEventListener(
    type: 'install' | 'activate',
    listener: (event: { waitUntil(work: Promise<unknown>): void }) => void,
  ): void;
  addEventListener(
    type: 'fetch',
    listener: (event: { readonly request: Request; respondWith(answer: Promise<Response>): void }) => void,
  ): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
};

const name = `coterie-page-${__COTERIE_BUILD__}`;
const shell = '/';
const files = new Set(__COTERIE_FILES__.map((path) => `/${path}`));

worker.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(name).then((cache) =>
      // All of them or none: half a page is no page.
      cache.addAll([shell, ...files].map((path) => new Request(path, { cache: 'reload' }))),
    ),
  );
});

worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      // Tabs of the version before keep its files until this one takes over, which a person asks for.
      for (const key of await caches.keys())
        if (key.startsWith('coterie-page-') && key !== name) await caches.delete(key);
      await worker.clients.claim();
    })(),
  );
});

worker.addEventListener('message', ({ data }) => {
  if (data === 'take over') void worker.skipWaiting();
});

/** The page comes from what is kept: a tab has one version of it, whole. */
async function kept(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(name);
  return (await cache.match(path)) ?? fetch(request);
}

worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== worker.location.origin) return;
  if (url.pathname === shell && request.mode === 'navigate') event.respondWith(kept(shell, request));
  else if (files.has(url.pathname)) event.respondWith(kept(url.pathname, request));
});
