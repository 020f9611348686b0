import { unlinkSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { isAlive } from '../../src/storage/directory.ts';
import { codeOf, readPrivate, replacePrivate } from './private-file.ts';

/** What a running node leaves in its data directory, so that the command line finds it. */
export const RunFile = z.strictObject({
  /** Where it listens: `http://127.0.0.1:4270`. A token is sent nowhere but to this machine. */
  url: z.string().regex(/^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]{1,5}$/),
  pid: z.int().min(1),
  started: z.iso.datetime(),
  directory: z.string(),
  /** Random, new for each start; `/healthz` answers it, which tells this node from another on the same port. */
  node: z.string().min(1).max(64),
});
export type RunFile = z.infer<typeof RunFile>;

/** Where the run file of a data directory lies. */
export const runFilePath = (data: string): string => join(data, 'node.json');

/** Says where the node of a data directory listens. Only the process that owns the directory calls this. */
export function writeRunFile(data: string, run: RunFile): void {
  replacePrivate(runFilePath(data), `${JSON.stringify(run)}\n`);
}

/** What the run file says, without looking whether that node still runs. `undefined` when there is none that makes sense. */
export function readRunFile(data: string): RunFile | undefined {
  const text = readPrivate(runFilePath(data));
  if (text === undefined) return undefined;
  try {
    const parsed = RunFile.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the run file if it is the one of this node. */
export function removeRunFile(data: string, node: string): void {
  if (readRunFile(data)?.node !== node) return;
  try {
    unlinkSync(runFilePath(data));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** The node that answers at a URL, by its random name; `undefined` when nothing of ours does in time. */
export function probe(url: string, milliseconds = 2000): Promise<string | undefined> {
  return new Promise((resolve) => {
    const asked = request(`${url}/healthz`, { agent: false, timeout: milliseconds }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > 4096) asked.destroy();
      });
      answer.on('end', () => {
        try {
          const parsed = z.object({ node: z.string() }).safeParse(JSON.parse(text));
          resolve(parsed.success ? parsed.data.node : undefined);
        } catch {
          resolve(undefined);
        }
      });
      answer.on('error', () => resolve(undefined));
      answer.on('close', () => resolve(undefined));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.on('close', () => resolve(undefined));
    asked.end();
  });
}

/**
 * The node that runs on a data directory, or `undefined`. A run file that a killed node left behind is told by its
 * process being gone, or by something else answering at its port.
 */
export async function findNode(data: string): Promise<RunFile | undefined> {
  const run = readRunFile(data);
  if (run === undefined || !isAlive(run.pid)) return undefined;
  return (await probe(run.url)) === run.node ? run : undefined;
}
