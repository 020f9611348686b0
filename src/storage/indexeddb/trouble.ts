import { type StorageCode, StorageError } from '../port.ts';

const meanings: Readonly<Record<string, readonly [StorageCode, string]>> = {
  QuotaExceededError: [
    'disk_full',
    'the browser gives this page no more room. Free some of the disk, or allow the page to store more',
  ],
  VersionError: ['directory_newer', 'a newer version of this page has written here. Reload the page'],
  SecurityError: ['directory_unreadable', 'the browser does not let this page store anything'],
};

/** A browser's error as the storage error that it means. */
export function toStorageError(
  error: unknown,
  what: string,
  otherwise: StorageCode = 'storage_failed',
): StorageError {
  if (error instanceof StorageError) return error;
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  const text = error instanceof Error || error instanceof DOMException ? error.message : String(error);
  const [code, meaning] = meanings[name] ?? [otherwise, text || name];
  return new StorageError(code, `${what}: ${meaning}.`.replace(/\.\.$/, '.'), { cause: error });
}
