import { lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Transport } from '../../../src/client/index.ts';
import { isHandle } from './identity.ts';

/**
 * The node of a data directory and the tokens for it, for the usual case that all is well. Whatever looks odd is left
 * to relay/node, which knows the rules, names what is wrong, and loads the schemas: the usual case need not wait for
 * those.
 */
export interface Running {
  readonly url: string;
}

/** The text of a file that only its owner may read; undefined when it is anything else. */
function privateText(path: string): string | undefined {
  try {
    const stat = lstatSync(path);
    if (!stat.isFile() || stat.size > 64 * 1024) return undefined;
    if (process.getuid && (stat.uid !== process.getuid() || (stat.mode & 0o077) !== 0)) return undefined;
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** The node that runs on a data directory, if one answers there and is the one that its run file names. */
export async function runningNode(directory: string, transport: Transport): Promise<Running | undefined> {
  const text = privateText(join(directory, 'node.json'));
  if (text !== undefined) {
    const said = parse(text);
    if (said !== undefined && (await answersAs(said, transport))) return { url: said.url };
  }
  if (!isThere(join(directory, 'node.json'))) return undefined;
  const { findNode } = await import('../../node/run-file.ts');
  return findNode(directory);
}

const loopback = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}$/;

function parse(text: string): { url: string; node: string } | undefined {
  try {
    const said: unknown = JSON.parse(text);
    if (typeof said !== 'object' || said === null || !('url' in said) || !('node' in said)) return undefined;
    const { url, node } = said;
    if (typeof url !== 'string' || !loopback.test(url) || typeof node !== 'string') return undefined;
    return { url, node };
  } catch {
    return undefined;
  }
}

/** A killed node leaves its run file, and another program may listen at its port: it must not get a token. */
async function answersAs(said: { url: string; node: string }, transport: Transport): Promise<boolean> {
  try {
    const signal = AbortSignal.timeout(2000);
    const answer = await transport({ method: 'GET', url: `${said.url}/healthz`, headers: {}, signal });
    const body: unknown = JSON.parse(await answer.text());
    return typeof body === 'object' && body !== null && 'node' in body && body.node === said.node;
  } catch {
    return false;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** The token of a member, made when there is none. */
export async function tokenFor(directory: string, handle: string): Promise<string> {
  const usual = isHandle(handle) ? privateText(join(directory, 'tokens', handle))?.trim() : undefined;
  if (usual !== undefined && /^[A-Za-z0-9_-]{43}$/.test(usual)) return usual;
  const { tokenOf } = await import('../../node/tokens.ts');
  return tokenOf(directory, handle);
}
