/** Subprotocols of plain sessions. A browser can send a token nowhere else than among them. */
const plain = 'coterie';
const acknowledging = 'coterie.stored';
const tokenPrefix = 'token.';

/** Agrees on one of ours, or on a foreign one as it is; never on a token, which would come back in the answer. */
export function chooseProtocol(offered: ReadonlySet<string>): string | undefined {
  for (const ours of [acknowledging, plain]) if (offered.has(ours)) return ours;
  return [...offered].find((name) => !name.startsWith(tokenPrefix));
}

/** True when a socket asked to be told what is stored. */
export const wantsStored = (protocol: string): boolean => protocol === acknowledging;

/** The bearer token in `Sec-WebSocket-Protocol` (`coterie, token.<token>`) or in `Authorization`. */
export function tokenIn(headers: {
  readonly authorization?: string | undefined;
  readonly 'sec-websocket-protocol'?: string | undefined;
}): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  return offered.find((name) => name.startsWith(tokenPrefix))?.slice(tokenPrefix.length);
}
