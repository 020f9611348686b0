/** A bearer token, or what makes a fresh one: a proof of key lasts minutes. */
export type Credential = string | (() => string | Promise<string>);

/** A message of `/sync`: this byte, then a proof of key that takes the place of the one before. */
const renewal = 125;
/** What is asked for sooner than this is asked for too often, ms. */
const soonest = 1_000;

/** When a proof of key is over, ms; undefined for a token, which lasts. */
function endOf(token: string): number | undefined {
  const [, claims] = token.split('.');
  if (claims === undefined) return undefined;
  try {
    const { exp } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/'))) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}

export interface Credentials {
  /** Among the subprotocols of the next socket. */
  readonly protocols: string[];
  /** True when another credential can be had. */
  readonly renewable: boolean;
  /** Asks for a fresh one where it can be had. */
  refresh(): Promise<void>;
  stop(): void;
}

/**
 * Keeps a credential fresh. A proof is made anew when two thirds of its time are over, and sent over the socket that is
 * open, so that sessions go on.
 */
export function createCredentials(
  given: Credential | undefined,
  send: (message: Uint8Array) => void,
): Credentials {
  let current = typeof given === 'string' ? given : undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let stopped = false;

  function later(): void {
    clearTimeout(timer);
    const end = current === undefined ? undefined : endOf(current);
    if (end === undefined || stopped) return;
    timer = setTimeout(renew, Math.max(soonest, ((end - Date.now()) * 2) / 3));
    if (typeof timer === 'object') timer.unref();
  }

  function renew(): void {
    credentials.refresh().then(
      () => {
        if (!stopped && current !== undefined)
          send(Uint8Array.of(renewal, ...new TextEncoder().encode(current)));
      },
      () => {
        // The session ends with the proof; the next one asks again.
        later();
      },
    );
  }

  const credentials: Credentials = {
    get protocols() {
      return ['coterie.stored', ...(current === undefined ? [] : [`token.${current}`])];
    },
    renewable: typeof given === 'function',
    async refresh() {
      if (typeof given !== 'function') return;
      current = await given();
      later();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
  return credentials;
}
