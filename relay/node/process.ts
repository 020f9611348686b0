import { codeOf } from './private-file.ts';

/** Whether a process of this number runs. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Someone else's process may not be signalled, but it is there.
    return codeOf(error) === 'EPERM';
  }
}
