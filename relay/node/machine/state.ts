import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what a user's programs say of their running lies, by the platform's custom. */
export function stateDirectory(): string {
  const { XDG_STATE_HOME, LOCALAPPDATA } = process.env;
  if (process.platform === 'win32')
    return join(LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'coterie', 'State');
  if (process.platform === 'darwin')
    return join(homedir(), 'Library', 'Application Support', 'coterie', 'state');
  return join(XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'coterie');
}
