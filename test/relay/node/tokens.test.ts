import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTokens, readToken, tokenFile, tokenOf } from '../../../relay/node/tokens.ts';
import { shared } from '../../support/scratch.ts';
import { ask, startFake } from '../http/support.ts';

let data: string;
let remove: () => void;
beforeEach(() => {
  const place = shared();
  data = place.path;
  remove = place.remove;
});
afterEach(() => remove());

describe('tokens', () => {
  it('are made on demand, one a member, readable by the owner alone', () => {
    expect(readToken(data, 'kai')).toBeUndefined();
    const token = tokenOf(data, 'kai');
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(tokenOf(data, 'kai')).toBe(token);
    expect(readToken(data, 'kai')).toBe(token);
    expect(tokenOf(data, 'lee')).not.toBe(token);
    expect(statSync(tokenFile(data, 'kai')).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, 'tokens')).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(data, 'tokens')).sort()).toEqual(['kai', 'lee']);
  });

  it('are named by handles only', () => {
    for (const handle of ['', '.', '..', '../kai', 'a/b', 'Kai', 'kai\0', '-kai'])
      expect(() => tokenOf(data, handle)).toThrow(/handle/);
  });

  it('are recognised, also when they are made, replaced or removed while the node runs', () => {
    const tokens = openTokens(data);
    expect(tokens.whose('A'.repeat(43))).toBeUndefined();
    const kai = tokenOf(data, 'kai');
    const lee = tokenOf(data, 'lee');
    expect([tokens.whose(kai), tokens.whose(lee)]).toEqual(['kai', 'lee']);
    expect(tokens.whose(`${kai}x`)).toBeUndefined();
    rmSync(tokenFile(data, 'kai'));
    expect(tokens.whose(kai)).toBeUndefined();
    expect(tokens.whose(lee)).toBe('lee');
    const again = tokenOf(data, 'kai');
    expect([tokens.whose(kai), tokens.whose(again)]).toEqual([undefined, 'kai']);
    writeFileSync(tokenFile(data, 'lee'), `${'B'.repeat(43)}\n`);
    expect(tokens.whose(lee)).toBeUndefined();
    expect(tokens.whose('B'.repeat(43))).toBe('lee');
  });

  it('of other forms in the directory are left alone', () => {
    const token = tokenOf(data, 'kai');
    writeFileSync(join(data, 'tokens', 'lee'), 'short', { mode: 0o600 });
    writeFileSync(join(data, 'tokens', '.draft'), token, { mode: 0o600 });
    mkdirSync(join(data, 'tokens', 'max'), { mode: 0o700 });
    const tokens = openTokens(data);
    expect(tokens.whose(token)).toBe('kai');
    expect(() => tokenOf(data, 'lee')).toThrow(/does not hold a token/);
    expect(() => tokenOf(data, 'max')).toThrow(/not a file/);
  });

  it.skipIf(process.platform === 'win32')('are refused when others could read or place them', async () => {
    const node = await startFake();
    const { directory, token, url } = node;
    expect((await ask(`${url}/v1/status`, { token })).status).toBe(200);
    chmodSync(tokenFile(directory, 'kai'), 0o644);
    expect(() => readToken(directory, 'kai')).toThrow(/open to other users \(mode 0644\)/);
    const answer = await ask(`${url}/v1/status`, { token });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('open to other users');
    expect(answer.text).toContain('chmod 600');
    chmodSync(tokenFile(directory, 'kai'), 0o600);
    expect((await ask(`${url}/v1/status`, { token })).status).toBe(200);
    symlinkSync(tokenFile(directory, 'kai'), tokenFile(directory, 'lee'));
    expect(() => readToken(directory, 'lee')).toThrow(/symbolic link/);
    expect((await ask(`${url}/v1/status`, { token })).status).toBe(200);
    chmodSync(join(directory, 'tokens'), 0o755);
    expect(() => tokenOf(directory, 'max')).toThrow(/mode 0755/);
    expect(() => openTokens(directory)).toThrow(/mode 0755/);
    chmodSync(join(directory, 'tokens'), 0o700);
    await node.close();
  });

  it('are the same for all of many makers at once', async () => {
    const built = new URL('../../../dist/relay/node/tokens.js', import.meta.url).href;
    const script = `import { tokenOf } from ${JSON.stringify(built)};
      const end = Date.now() + 50; while (Date.now() < end);
      console.log(tokenOf(process.argv[1], 'kai'));`;
    const made = await Promise.all(
      Array.from(
        { length: 4 },
        () =>
          new Promise<string>((resolve, reject) => {
            execFile(process.execPath, ['--input-type=module', '-e', script, data], (error, stdout) => {
              if (error) reject(error);
              else resolve(stdout.trim());
            });
          }),
      ),
    );
    expect(new Set(made).size).toBe(1);
    expect(readdirSync(join(data, 'tokens'))).toEqual(['kai']);
  });
});

describe.skipIf(process.platform === 'win32')('a token file that must not be trusted', () => {
  const spoil: [string, (path: string) => void, RegExp][] = [
    ['read by the group', (path) => chmodSync(path, 0o640), /open to other users \(mode 0640\)/],
    ['read by all', (path) => chmodSync(path, 0o604), /open to other users \(mode 0604\)/],
    ['written by the group', (path) => chmodSync(path, 0o620), /open to other users \(mode 0620\)/],
    ['a hard link that the group may read', (path) => hardLinkAt(path), /open to other users \(mode 0640\)/],
    ['a pipe', (path) => pipeAt(path), /not a file/],
    ['written by all', (path) => chmodSync(path, 0o602), /open to other users \(mode 0602\)/],
    ['run by all', (path) => chmodSync(path, 0o601), /open to other users \(mode 0601\)/],
    ['a link to its old self', (path) => linkTo(path, join(data, 'real')), /symbolic link/],
    ['a link to nowhere', (path) => linkTo(path, '/nowhere', false), /symbolic link/],
    ['a directory', (path) => directoryAt(path), /not a file/],
    ['longer than any token', (path) => writeFileSync(path, 'A'.repeat(70_000)), /larger than expected/],
    ['no token', (path) => writeFileSync(path, 'short'), /does not hold a token/],
  ];

  function hardLinkAt(path: string): void {
    const target = join(data, 'real');
    renameSync(path, target);
    chmodSync(target, 0o640);
    linkSync(target, path);
  }

  /** Opening it to read would wait for ever for somebody who writes. */
  function pipeAt(path: string): void {
    rmSync(path);
    execFileSync('mkfifo', ['-m', '600', path]);
  }

  function directoryAt(path: string): void {
    rmSync(path);
    mkdirSync(path, { mode: 0o700 });
  }

  function linkTo(path: string, target: string, keep = true): void {
    if (keep) renameSync(path, target);
    else rmSync(path);
    symlinkSync(target, path);
  }

  it('of another user: refused by name, as a file and as the directory of all tokens', ({ skip }) => {
    if (process.getuid?.() !== 0) return skip('only root may give a file to another user');
    const token = tokenOf(data, 'kai');
    const lee = tokenOf(data, 'lee');
    const tokens = openTokens(data);
    expect(tokens.whose(token)).toBe('kai');
    chownSync(tokenFile(data, 'kai'), 65_534, 65_534);
    expect(() => readToken(data, 'kai')).toThrow(/belongs to another user/);
    expect(() => tokens.whose(token)).toThrow(expect.objectContaining({ code: 'unauthorized' }) as Error);
    expect(tokens.whose(lee)).toBe('lee');
    chownSync(join(data, 'tokens'), 65_534, 65_534);
    expect(() => tokenOf(data, 'max')).toThrow(/belongs to another user/);
    expect(() => openTokens(data)).toThrow(/belongs to another user/);
  });

  it('a directory of tokens that is a link elsewhere: refused, whoever made it', () => {
    tokenOf(data, 'kai');
    linkTo(join(data, 'tokens'), join(data, 'elsewhere'));
    expect(() => openTokens(data)).toThrow(/is not a directory/);
    expect(() => tokenOf(data, 'max')).toThrow(/is not a directory/);
  });

  for (const [what, work, message] of spoil)
    it(`${what}: refused by name with a hint, also one that was good while the node runs`, () => {
      const token = tokenOf(data, 'kai');
      const lee = tokenOf(data, 'lee');
      const tokens = openTokens(data);
      expect(tokens.whose(token)).toBe('kai');
      work(tokenFile(data, 'kai'));
      expect(() => readToken(data, 'kai')).toThrow(message);
      try {
        tokenOf(data, 'kai');
        expect.unreachable();
      } catch (error) {
        expect(error).toMatchObject({ code: 'directory_unreadable', hint: expect.any(String) as string });
      }
      expect(() => tokens.whose(token)).toThrow(expect.objectContaining({ code: 'unauthorized' }) as Error);
      expect(tokens.whose(lee)).toBe('lee');
    });
});
