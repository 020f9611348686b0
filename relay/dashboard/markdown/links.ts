const schemes = new Set(['http:', 'https:', 'mailto:']);

/** Where a link of a text may lead: addresses of the web and of mail, and places of this page. Undefined for all else. */
export function safeLink(to: string): URL | undefined {
  try {
    // Without a base a relative address is none: it would lead into this page by the writer's choice.
    const url = new URL(to.startsWith('#/') ? new URL(to, location.href).href : to);
    return schemes.has(url.protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the place is within this page. */
export const isHere = (url: URL): boolean => url.origin === location.origin && url.hash.startsWith('#/');

/** What a reader should know of where a link leads, unless its text says so: the host, or the address of the mail. */
export function hostOf(url: URL, text: string): string | undefined {
  const host = url.protocol === 'mailto:' ? url.pathname : url.host;
  return text.toLowerCase().includes(host.toLowerCase()) ? undefined : host;
}
