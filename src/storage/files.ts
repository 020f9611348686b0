import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open as openAsync, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeDirectories } from './make-directories.ts';

/** An open file of fixed places: written and read at offsets. */
export interface PlacedFile {
  /** Writes all bytes at an offset. Throws the file system's error, also for a short write. */
  write(bytes: Uint8Array, at: number): void;
  /** Up to `length` bytes at an offset; fewer at the end of the file. */
  read(length: number, at: number): Uint8Array;
  /** Makes everything written so far survive a power cut. */
  sync(): void;
  /** The same off the calling thread: a disk that is busy holds up nobody. */
  syncLater(): Promise<void>;
  size(): number;
  close(): void;
}

/**
 * The few file operations that storage makes beside the engine, as a port, so that a test can fail each of them.
 * Paths are absolute. Every call throws the file system's own error; absence is an error only where that is said.
 */
export interface Files {
  /** The content, or `undefined` when there is no such file. */
  read(path: string): Uint8Array | undefined;
  /** The content, read off the calling thread. `undefined` when there is no such file. */
  readLater(path: string): Promise<Uint8Array | undefined>;
  /** Opens for reading and writing, made with `mode` when absent. */
  open(path: string, mode: number): PlacedFile;
  /** Replaces a file whole: a power cut leaves the old or the new content. */
  replace(path: string, bytes: Uint8Array, mode: number): void;
  remove(path: string): void;
  /** Moves a file or a directory to a name that nothing has. */
  rename(from: string, to: string): void;
  /** Names in a directory, in no order. */
  list(directory: string): string[];
  exists(path: string): boolean;
  /** What stands at a path; `undefined` when nothing does. */
  kind(path: string): 'file' | 'directory' | undefined;
  /** Throws unless this process may list, read and change a directory. */
  checkAccess(directory: string): void;
  makeDirectory(path: string, mode: number): void;
  /** Changes whenever a name is added to or removed from the directory, up to the clock of the file system. */
  stamp(directory: string): bigint;
  /** Makes added and removed names survive a power cut. */
  syncDirectory(directory: string): void;
  /** The same off the calling thread. */
  syncDirectoryLater(directory: string): Promise<void>;
  /** Names the running system since it started, where that can be known. */
  bootId(): string | undefined;
}

function absent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function placed(fd: number): PlacedFile {
  return {
    write(bytes, at) {
      let done = 0;
      while (done < bytes.length) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    },
    read(length, at) {
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const got = readSync(fd, bytes, done, length - done, at + done);
        if (got === 0) break;
        done += got;
      }
      return bytes.subarray(0, done);
    },
    sync: () => fdatasyncSync(fd),
    syncLater: () =>
      new Promise((resolve, reject) => {
        fdatasync(fd, (error) => (error ? reject(error) : resolve()));
      }),
    size: () => fstatSync(fd).size,
    close: () => closeSync(fd),
  };
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The real file system. */
export const nodeFiles: Files = {
  read(path) {
    try {
      return readFileSync(path);
    } catch (error) {
      if (absent(error)) return undefined;
      throw error;
    }
  },
  async readLater(path) {
    try {
      return await readFile(path);
    } catch (error) {
      if (absent(error)) return undefined;
      throw error;
    }
  },
  open: (path, mode) => placed(openSync(path, existsSync(path) ? 'r+' : 'wx+', mode)),
  replace(path, bytes, mode) {
    const draft = `${path}.new`;
    const fd = openSync(draft, 'w', mode);
    try {
      placed(fd).write(bytes, 0);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
    syncDirectory(dirname(path));
  },
  remove: (path) => unlinkSync(path),
  rename: (from, to) => renameSync(from, to),
  list: (directory) => readdirSync(directory),
  exists: (path) => existsSync(path),
  kind(path) {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined) return undefined;
    return found.isDirectory() ? 'directory' : 'file';
  },
  checkAccess: (directory) => accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK),
  makeDirectory: (path, mode) => makeDirectories(path, mode),
  stamp: (directory) => statSync(directory, { bigint: true }).mtimeNs,
  syncDirectory,
  async syncDirectoryLater(directory) {
    const handle = await openAsync(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  bootId() {
    try {
      return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    } catch {
      return undefined;
    }
  },
};
