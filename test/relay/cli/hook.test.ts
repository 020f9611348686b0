import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Node } from '../../../relay/node/node.ts';
import { scratch } from '../../support/scratch.ts';
import { type Ended, entry, type Home, home, servedHome, stub, wrong } from './support.ts';

interface Repository {
  readonly path: string;
  /** Runs git; rejects when it fails, unless asked for its end. */
  git(...args: readonly string[]): Promise<string>;
  ends(...args: readonly string[]): Promise<Ended>;
  /** Writes a file and stages it. */
  stage(path: string, text?: string): Promise<void>;
}

/** A real repository in a directory of its own, with no settings of the person who runs the test. */
async function repository(env: Record<string, string> = {}): Promise<Repository> {
  const path = scratch();
  const ends = (...args: readonly string[]) =>
    new Promise<Ended>((resolve) => {
      const options = {
        cwd: path,
        env: { PATH: process.env['PATH'] ?? '', HOME: path, GIT_CONFIG_NOSYSTEM: '1', ...env },
      };
      execFile('git', args, options, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, signal: null, stdout, stderr }),
      );
    });
  const git = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await ends(...args);
    if (code !== 0) throw new Error(`git ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
  await git('init', '-q', '-b', 'main');
  await git('config', 'user.name', 'Kai');
  await git('config', 'user.email', 'kai@localhost');
  return {
    path,
    git,
    ends,
    async stage(name, text = name) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
      await git('add', '--', name);
    },
  };
}

let here: Home;
let node: Node;

beforeAll(async () => {
  const served = await servedHome();
  ({ here, node } = served);
  return served.close;
});

/** Ann holds these until the test is over. */
async function annHolds(globs: string[], reason?: string): Promise<void> {
  const ann = node.replica.as('ann');
  const { id } = await ann.reservations.reserve({ globs, ...(reason === undefined ? {} : { reason }) });
  onTestFinished(async () => {
    await ann.reservations.release(id);
  });
}

const hook = (cwd: string, ...flags: readonly string[]) =>
  here.run(['hook', 'pre-commit', ...flags], { cwd });

describe('RSV-15: coterie hook pre-commit', () => {
  it('ends with 1 and says who holds what, until when and why, before the first commit too', async () => {
    await annHolds(['src/**/*.ts', 'docs/a.md'], 'they move');
    const { path, stage } = await repository();
    await stage('src/b/a.ts');
    await stage('docs/a.md');
    await stage('README.md');
    const { code, stdout, stderr } = await hook(path);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      /ann until \d\d:\d\d, in \d+ min: "they move"\n {4}docs\/a.md\n {4}src\/b\/a.ts \(src\/\*\*\/\*\.ts\)\n/,
    );
    expect(stderr).toContain('git commit --no-verify');
    expect(stderr).not.toContain('README');
    const json = await hook(path, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      asked: true,
      paths: 3,
      held: [{ by: { handle: 'ann' }, hits: [{ path: 'docs/a.md' }, { path: 'src/b/a.ts' }] }],
    });
  });

  it('ends with 0 where only oneself holds it, where nobody does, and where nothing is staged', async () => {
    await annHolds(['src/**']);
    const { path, stage } = await repository();
    const silent = { code: 0, stdout: '', stderr: '' };
    expect(await hook(path)).toMatchObject(silent);
    await stage('src2/a.ts');
    expect(await hook(path)).toMatchObject(silent);
    await stage('src/a.ts');
    expect((await hook(path)).code).toBe(1);
    expect(await hook(path, '--as', 'ann')).toMatchObject(silent);
  });

  it('takes odd names as they are, a rename as both names, a removal, and paths from the root', async () => {
    const { path, stage, git } = await repository();
    await git('config', 'diff.relative', 'true');
    await stage('src/a.ts', 'a file that is long enough to be found again');
    await stage('gone.md');
    await stage('sub/dir/keep');
    await git('commit', '-qm', 'first');
    const odd = 'sub/dir/a "b"\n日本 é.ts';
    await stage(odd);
    mkdirSync(join(path, 'lib'));
    renameSync(join(path, 'src/a.ts'), join(path, 'lib/b.ts'));
    await git('rm', '-q', 'gone.md');
    await git('add', '-A');
    for (const glob of ['src/*', 'lib/b.ts', 'gone.md', 'sub/*/*日本*']) {
      const ann = node.replica.as('ann');
      const { id } = await ann.reservations.reserve({ globs: [glob] });
      const { code, stderr } = await hook(join(path, 'sub', 'dir'));
      await ann.reservations.release(id);
      expect([code, stderr.includes(`(${glob})`) || stderr.includes(`    ${glob}`)], glob).toEqual([1, true]);
    }
  });

  it('in a merge looks at what the merge itself changes', async () => {
    const { path, stage, git, ends } = await repository();
    await stage('src/a.ts', 'one\n');
    await stage('both.ts', 'one\n');
    await git('commit', '-qm', 'first');
    await git('checkout', '-qb', 'theirs');
    await stage('src/a.ts', 'two\n');
    await stage('both.ts', 'two\n');
    await git('commit', '-qm', 'theirs');
    await git('checkout', '-q', 'main');
    await stage('both.ts', 'three\n');
    await git('commit', '-qm', 'mine');
    expect((await ends('merge', 'theirs')).code).toBe(1);
    await stage('both.ts', 'two and three\n');
    await annHolds(['src/**']);
    expect((await hook(path)).code).toBe(0);
    await annHolds(['both.ts']);
    expect((await hook(path)).code).toBe(1);
  });

  it('outside a repository it is used wrongly', async () => {
    const { code, stderr } = await hook(scratch());
    expect(code).toBe(2);
    expect(stderr).toBe('error: this is no git repository\nhint: Run it within the repository.\n');
  });
});

describe('RSV-16: without an answer coterie hook pre-commit', () => {
  it('ends with 0 and a line on stderr when no node runs, and makes nothing', async () => {
    const { path, stage } = await repository();
    await stage('src/a.ts');
    const other = home();
    const { code, stdout, stderr } = await other.run(['hook', 'pre-commit'], { cwd: path });
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toBe('coterie: no node runs, so nobody looked who holds these paths\n');
    expect(existsSync(other.data)).toBe(false);
    const json = await other.run(['hook', 'pre-commit', '--json'], { cwd: path });
    expect(JSON.parse(json.stdout)).toEqual({ asked: false, paths: 1, held: [] });
  });

  it('the same for a node that does not answer, refuses, or knows no reservations', async () => {
    const { path, stage } = await repository();
    await stage('src/a.ts');
    const refusing = await stub(() => ({ status: 401, body: wrong('unauthorized', 'no such token') }));
    const older = await stub(() => undefined);
    for (const url of ['http://127.0.0.1:1', refusing.url, older.url]) {
      const { code, stderr } = await here.run(['hook', 'pre-commit', '--url', url], {
        cwd: path,
        env: { COTERIE_TOKEN: 'x'.repeat(43) },
      });
      expect(code).toBe(0);
      expect(stderr).toMatch(/^coterie: nobody looked who holds these paths: .*\n$/);
    }
  });
});

describe('RSV-17: coterie hook install', () => {
  const install = (cwd: string, ...flags: readonly string[]) =>
    here.run(['hook', 'install', ...flags], { cwd });

  it('writes a hook that git runs: a commit is refused, --no-verify goes past, and a free path is committed', async () => {
    const { path, stage, git, ends } = await repository({ COTERIE_AS: 'kai' });
    const { code, stdout } = await install(path, '--data', here.data);
    const file = join(path, '.git', 'hooks', 'pre-commit');
    expect([code, stdout]).toEqual([0, `wrote ${file}\n`]);
    expect(statSync(file).mode & 0o111).toBe(0o111);
    expect(readFileSync(file, 'utf8')).toContain(entry);
    await annHolds(['src/**']);
    await stage('src/a.ts');
    const refused = await ends('commit', '-m', 'mine');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('ann until')]);
    await git('commit', '-q', '--no-verify', '-m', 'all the same');
    await stage('docs/a.md');
    await git('commit', '-q', '-m', 'free');
    expect(await git('log', '--format=%s')).toBe('free\nall the same\n');
    // Only what is committed counts, also where the index is another: `git commit PATH`.
    await stage('src/a.ts', 'changed');
    await stage('docs/a.md', 'changed');
    await git('commit', '-q', '-m', 'one path', 'docs/a.md');
    expect((await ends('commit', '-m', 'the rest')).code).toBe(1);
  });

  it('never overwrites a hook that is there, and says what to add to it', async () => {
    const { path, git } = await repository();
    await git('config', 'core.hooksPath', 'my hooks');
    const file = join(path, 'my hooks', 'pre-commit');
    expect((await install(path)).stdout).toBe(`wrote ${file}\n`);
    writeFileSync(file, 'mine');
    const { code, stderr } = await install(path, '--data', "/it's here");
    expect([code, readFileSync(file, 'utf8')]).toEqual([4, 'mine']);
    expect(stderr).toContain(`coterie hook pre-commit --data '/it'\\''s here' || exit 1`);
  });
});
