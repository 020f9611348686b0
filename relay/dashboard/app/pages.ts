import type { ComponentType } from 'preact';

/** A page of the dashboard, by the first part of its address. What it shows is loaded when it is gone to. */
export interface Page {
  readonly name: string;
  readonly title: string;
  /** `g then …` goes there. Without it the page is not in the side bar. */
  readonly key?: string;
  readonly load: () => Promise<ComponentType<{ path: readonly string[]; query: URLSearchParams }>>;
}

/** In the order of the side bar. */
export const pages: readonly Page[] = [
  { name: 'c', title: 'Channel', load: async () => (await import('../channels/page.tsx')).ChannelPage },
  {
    name: 'm',
    title: 'Message',
    load: async () => (await import('../channels/permalink.tsx')).MessagePage,
  },
  {
    name: 'thread',
    title: 'Thread',
    load: async () => (await import('../threads/page.tsx')).ThreadPage,
  },
];
