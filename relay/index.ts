export { type Log, type LogLevel, logLevels, openLog } from './node/log.ts';
export { defaultPort, type Node, type NodeOptions, startNode } from './node/node.ts';
export { findNode, probe, type RunFile, readRunFile } from './node/run-file.ts';
export { readToken, tokenFile, tokenOf } from './node/tokens.ts';
export { type OpenRelay, type OpenRelayOptions, openRelayPort, startOpenRelay } from './rooms/open-relay.ts';
export type { RoomLimits } from './rooms/room/limits.ts';
export type { RoomsLimits } from './rooms/rooms.ts';
