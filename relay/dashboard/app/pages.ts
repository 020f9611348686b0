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
  {
    name: 'inbox',
    title: 'Needs you',
    key: 'i',
    load: async () => (await import('../inbox/page.tsx')).InboxPage,
  },
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
  {
    name: 'board',
    title: 'Board',
    key: 'b',
    load: async () => (await import('../board/page.tsx')).BoardPage,
  },
  { name: 't', title: 'Task', load: async () => (await import('../task/page.tsx')).TaskPage },
  {
    name: 'memory',
    title: 'Memory',
    key: 'm',
    load: async () => (await import('../memory/page.tsx')).MemoryPage,
  },
  {
    name: 'agents',
    title: 'Agents',
    key: 'a',
    load: async () => (await import('../agents/page.tsx')).AgentsPage,
  },
  {
    name: 'activity',
    title: 'Activity',
    key: 'y',
    load: async () => (await import('../agents/activity.tsx')).ActivityPage,
  },
  {
    name: 'search',
    title: 'Search',
    key: '/',
    load: async () => (await import('../search/page.tsx')).SearchPage,
  },
  {
    name: 'settings',
    title: 'Settings',
    key: 's',
    load: async () => (await import('../settings/page.tsx')).SettingsPage,
  },
];
