import { readFileSync } from 'node:fs';
import { z } from 'zod';

/** The package's own file lies above the sources, and one folder further up from what is built of them. */
function read(): string {
  for (const place of ['../../package.json', '../../../package.json']) {
    try {
      const text = readFileSync(new URL(place, import.meta.url), 'utf8');
      const parsed = z
        .object({ name: z.literal('coterie'), version: z.string() })
        .safeParse(JSON.parse(text));
      if (parsed.success) return parsed.data.version;
    } catch {
      // Not this one.
    }
  }
  return '0.0.0';
}

/** The version of this package. */
export const packageVersion = read();
