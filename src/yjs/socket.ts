/** What y-websocket needs of a WebSocket class. */
export type SocketClass = typeof globalThis.WebSocket;

/** The WebSocket of this platform: its own, or that of the package `ws` where Node has none. */
export async function platformSocket(): Promise<SocketClass> {
  const own = (globalThis as { WebSocket?: SocketClass }).WebSocket;
  if (own !== undefined) return own;
  const { WebSocket } = await import('ws');
  return WebSocket as unknown as SocketClass;
}
