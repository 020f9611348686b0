import type { Speaker } from '../../../schemas/index.ts';

/** Who is logged in, or what to tell somebody who is not. */
export type Session =
  | { readonly state: 'in'; readonly speaker: Speaker }
  | { readonly state: 'out'; readonly said: string }
  /** The node does not answer. */
  | { readonly state: 'away' };

const found = /^#t=([A-Za-z0-9_-]+)$/;

async function said(answer: Response): Promise<string> {
  const { error } = (await answer.json()) as { error: { message: string; hint?: string } };
  return `${error.message} ${error.hint ?? ''}`.trim();
}

/**
 * The secret of a login leaves the address before anything else is done, and is posted for a cookie that no script reads.
 * It never stands in a request line, nor in the history of the browser.
 */
export async function comeIn(): Promise<Session> {
  const login = found.exec(location.hash)?.[1];
  if (login !== undefined) history.replaceState(null, '', location.pathname);
  try {
    if (login !== undefined) {
      const answer = await fetch('/v1/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ login }),
      });
      if (!answer.ok) return { state: 'out', said: await said(answer) };
    }
    const answer = await fetch('/v1/session');
    if (answer.ok) return { state: 'in', speaker: (await answer.json()) as Speaker };
    return {
      state: 'out',
      said: 'Nobody is logged in here. Come in with a link: run coterie open on the machine of the node.',
    };
  } catch {
    return { state: 'away' };
  }
}

/** Logs out, and forgets what this browser keeps. */
export async function leave(forget: () => Promise<void>): Promise<void> {
  await forget();
  await fetch('/v1/session', { method: 'DELETE' });
  location.replace('/');
}
