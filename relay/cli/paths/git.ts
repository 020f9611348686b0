import { execFile } from 'node:child_process';
import { misuse } from '../call.ts';

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The longest list of paths that is read, bytes. */
const most = 256 * 1024 * 1024;

/** Runs git in the working directory, with the environment as it is: in a hook it names the index. */
function git(args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    execFile('git', args, { encoding: 'utf8', maxBuffer: most }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(error);
    });
  });
}

async function output(args: readonly string[]): Promise<string> {
  const ran = await git(args).catch(async (error: unknown) => {
    throw await misuse(`git could not be run: ${error instanceof Error ? error.message : error}`);
  });
  if (ran.code === 0) return ran.stdout;
  if ((await git(['rev-parse', '--git-dir'])).code !== 0)
    throw await misuse('this is no git repository', 'Run it within the repository.');
  throw await misuse(
    `git ${args.find((one) => !one.startsWith('-') && !one.includes('=')) ?? ''} failed: ${ran.stderr.trim()}`,
    'Run it within the repository.',
  );
}

const staged = async (...than: readonly string[]): Promise<string[]> =>
  (
    await output([
      // From the root of the repository, whatever is configured; a file that was renamed is two paths.
      ...['-c', 'diff.relative=false', 'diff', '--cached', '--name-only', '--no-renames', '-z'],
      ...than,
    ])
  )
    .split('\0')
    .filter((path) => path !== '');

/** Paths that the next commit changes. In a merge those that it changes on either side: the others were committed before. */
export async function stagedPaths(): Promise<string[]> {
  const paths = await staged();
  if ((await git(['rev-parse', '-q', '--verify', 'MERGE_HEAD'])).code !== 0) return paths;
  const theirs = new Set(await staged('MERGE_HEAD'));
  return paths.filter((path) => theirs.has(path));
}

/** Where git looks for a hook of this repository. */
export const hookPath = async (name: string): Promise<string> =>
  (await output(['rev-parse', '--git-path', `hooks/${name}`])).replace(/\n$/, '');
