import { type StorageCode, StorageError } from '../port.ts';

const PATTERNS: readonly (readonly [RegExp, StorageCode, string])[] = [
  [/LEVEL_LOCKED|EDIRLOCKED/, 'directory_locked', 'Another process has the store open.'],
  [/ENOSPC|EDQUOT|No space left|quota exceeded/i, 'disk_full', 'The disk is full.'],
  [/LEVEL_CORRUPTION|Corruption:|truncated|Invalid argument/, 'storage_corrupt', 'The store is damaged.'],
  [
    /EACCES|EPERM|EROFS|Permission denied|not permitted|Read-only file system/i,
    'directory_unreadable',
    'The directory cannot be written.',
  ],
];

/** Texts and codes of an error and of everything that caused it: engines wrap what matters. */
function story(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; current instanceof Error && depth < 5; depth += 1) {
    const code = 'code' in current ? String(current.code) : '';
    parts.push(`${code} ${current.message}`);
    current = current.cause;
  }
  return parts.length > 0 ? parts.join(' < ') : String(error);
}

/** An engine's or a file system's error as the storage error that it means; `otherwise` where it says nothing known. */
export function toStorageError(
  error: unknown,
  what: string,
  otherwise: StorageCode = 'storage_failed',
): StorageError {
  if (error instanceof StorageError) return error;
  const text = story(error);
  for (const [pattern, code, meaning] of PATTERNS) {
    if (pattern.test(text))
      return new StorageError(code, `${what}: ${meaning} (${text.trim()})`, { cause: error });
  }
  return new StorageError(otherwise, `${what}: ${text.trim()}`, { cause: error });
}
