import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failure } from '../../../src/client/call.ts';
import { makeDirectories } from '../../../src/storage/make-directories.ts';
import { stateDirectory } from '../../node/machine/state.ts';

/** How far a watch has come, kept between its runs: a cursor, or the open inbox items that it is done with. */
export interface Kept {
  readonly cursor?: string;
  readonly done?: readonly string[];
}

export interface KeptFile {
  readonly path: string;
  /** Undefined where nothing is kept yet. */
  read(): Promise<Kept | undefined>;
  /** Rejects with `directory_unreadable` when it can't be written: what is done twice must be known. */
  write(what: Kept): Promise<void>;
}

/** The file of one watch: the one that was named, or one in the user's state directory for just this watch. */
export function keptFile(named: string | undefined, watch: readonly (string | undefined)[]): KeptFile {
  const name = createHash('sha256').update(JSON.stringify(watch)).digest('hex').slice(0, 24);
  const path = named ?? join(stateDirectory(), 'watch', `${name}.json`);
  const strange = (why: unknown) =>
    failure(
      'directory_unreadable',
      `${path} can't keep how far the watch has come: ${why instanceof Error ? why.message : why}`,
      {
        hint: 'Name another file with --keep, or remove this one to begin anew.',
      },
    );
  return {
    path,
    async read() {
      let text: string;
      try {
        text = readFileSync(path, 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw await strange(error);
      }
      try {
        const said: unknown = JSON.parse(text);
        if (typeof said !== 'object' || said === null) throw new Error('it holds something else');
        const cursor = 'cursor' in said && typeof said.cursor === 'string' ? said.cursor : undefined;
        const done = 'done' in said && Array.isArray(said.done) ? said.done.map(String) : undefined;
        return { ...(cursor === undefined ? {} : { cursor }), ...(done === undefined ? {} : { done }) };
      } catch (error) {
        throw await strange(error);
      }
    },
    async write(what) {
      try {
        makeDirectories(dirname(path), 0o700);
        const draft = `${path}.${process.pid}`;
        writeFileSync(draft, `${JSON.stringify(what)}\n`, { mode: 0o600 });
        renameSync(draft, path);
      } catch (error) {
        throw await strange(error);
      }
    },
  };
}
