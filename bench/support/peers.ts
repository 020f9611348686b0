import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { say } from './report.ts';

/**
 * Other servers for Yjs clients. They are no dependencies of ours. Of `@y/websocket-server` the last version for Yjs 13:
 * later ones are for a Yjs that is not released.
 */
const wanted = { '@hocuspocus/server': '4', '@y/websocket-server': '0.1.1', yjs: '13', 'y-protocols': '1' };

export type Peer = '@hocuspocus/server' | '@y/websocket-server';

const manifestOf = (directory: string, peer: Peer): string =>
  join(directory, 'node_modules', ...peer.split('/'), 'package.json');

/** Installs what is missing into a directory of its own, and answers the versions. Hocuspocus asks for a newer Node, and runs. */
export function installPeers(directory: string): Readonly<Record<Peer, string>> {
  const peers: readonly Peer[] = ['@hocuspocus/server', '@y/websocket-server'];
  if (!peers.every((peer) => existsSync(manifestOf(directory, peer)))) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'package.json'), JSON.stringify({ private: true, dependencies: wanted }));
    say(`installing ${peers.join(' and ')} in ${directory} …`);
    const flags = ['--engine-strict=false', '--no-audit', '--no-fund', '--no-package-lock'];
    const { status, stderr } = spawnSync('npm', ['install', ...flags], { cwd: directory, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the other servers cannot be installed: ${stderr}`);
  }
  const version = (peer: Peer): string =>
    (JSON.parse(readFileSync(manifestOf(directory, peer), 'utf8')) as { version: string }).version;
  return {
    '@hocuspocus/server': version('@hocuspocus/server'),
    '@y/websocket-server': version('@y/websocket-server'),
  };
}
