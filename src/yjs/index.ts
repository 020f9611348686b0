// coterie/yjs: a plain connection to any relay, for pads, presence and log documents.
export { type Connection, type ConnectOptions, connect, type Room, type WaitOptions } from './connect.ts';
export type { Credential } from './credential.ts';
export type { SocketClass } from './socket.ts';
