import { signal } from '@preact/signals';

/** A newer version of the page is there and waits: what takes it over reloads this tab. */
export const newer = signal<(() => void) | undefined>(undefined);

/** How often the node is asked for a newer page, ms. */
const look = 15 * 60_000;

/** Has the browser keep the page itself, so that it opens with the node gone. */
export async function keepPage(): Promise<void> {
  const { serviceWorker } = navigator as { readonly serviceWorker?: ServiceWorkerContainer };
  if (!serviceWorker) return;
  const registration = await serviceWorker.register('/sw.js');
  const offer = (waiting: ServiceWorker | null): void => {
    if (!waiting || !serviceWorker.controller) return;
    newer.value = () => {
      serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
      waiting.postMessage('take over');
    };
  };
  offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const { installing } = registration;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed') offer(registration.waiting);
    });
  });
  setInterval(() => void registration.update().catch(() => undefined), look);
}
