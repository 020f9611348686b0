import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rows } from '../../relay/cli/rows/index.ts';
import { sealedRelayPort } from '../../relay/sealed/relay.ts';
import { scratch } from '../support/scratch.ts';
import { filesUnder, read, root } from './files.ts';

const files = filesUnder('deploy', '');

/** Every `--flag` of a line that starts a relay. */
const flagsIn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /\brelay\b.*--|^#\s+--/.test(line))
    .flatMap((line) => line.match(/--[a-z-]+/g) ?? []);

describe('what is deployed', () => {
  it('starts a relay with flags that it has', () => {
    const row = rows.find(({ name }) => name === 'relay');
    const known = new Set(
      [...(row?.flags ?? []), ...(row?.instead ?? [])].map(([flag]) => flag.split(' ')[0]),
    );
    // Of `docker` and of `systemctl`, on the same lines.
    for (const other of ['--name', '--now']) known.add(other);
    expect(files.length).toBe(4);
    for (const file of files) {
      const flags = flagsIn(read(file));
      expect(flags.length, file).toBeGreaterThan(0);
      expect(
        flags.filter((flag) => !known.has(flag)),
        file,
      ).toEqual([]);
    }
  });

  it('names the program, the port and the health check as they are', () => {
    const { bin } = JSON.parse(read('package.json')) as { bin: { coterie: string } };
    for (const file of ['deploy/Dockerfile', 'deploy/coterie-relay.service'])
      expect(read(file), file).toContain(bin.coterie);
    for (const file of ['deploy/Dockerfile', 'deploy/nginx.conf', 'deploy/Caddyfile'])
      expect(read(file), file).toContain(`:${sealedRelayPort}`);
    expect(read('deploy/Dockerfile')).toMatch(/HEALTHCHECK[\s\S]*\/healthz/);
  });

  it('the unit is one that systemd takes, with nothing to write to but its own', ({ skip }) => {
    const verified = spawnSync('systemd-analyze', ['--version']);
    if (verified.error) skip('systemd-analyze is not here');
    const unit = join(scratch(), 'coterie-relay.service');
    copyFileSync(join(root, 'deploy', 'coterie-relay.service'), unit);
    // The program of this machine, for whether it is there is looked at too.
    writeFileSync(unit, readFileSync(unit, 'utf8').replace('/usr/bin/node', process.execPath));
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], {
      encoding: 'utf8',
    });
    expect([status, stderr.split('\n').filter((line) => line.includes('coterie-relay'))]).toEqual([0, []]);
  });
});
