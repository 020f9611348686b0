// Starting other programs from the scripts.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { at, root } from './files.mjs';

/** Runs a program to its end: its exit code, and its output where that was captured. */
export function run(
  command,
  args,
  { capture = false, env = process.env, shell = false, toStderr = false, onStart } = {},
) {
  const out = capture ? 'pipe' : toStderr ? process.stderr : 'inherit';
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      shell,
      stdio: ['ignore', out, capture ? 'pipe' : 'inherit'],
    });
    if (child.pid !== undefined) onStart?.(child.pid);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk) => {
        output += chunk;
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve({ code: code ?? 128 + (constants.signals[signal] ?? 0), output });
    });
  });
}

/** A tool of ours, started by the file its package names: no shell and no `.bin` links needed. */
export const tool = (script, args, options) =>
  run(process.execPath, [at('node_modules', script), ...args], options);
