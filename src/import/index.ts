import { beadsImporter } from './beads.ts';
import { coterieImporter } from './coterie.ts';
import type { Importer } from './draft.ts';
import { reflecttImporter } from './reflectt.ts';
import { slackImporter } from './slack.ts';

const importers = {
  slack: slackImporter,
  beads: beadsImporter,
  reflectt: reflecttImporter,
  coterie: coterieImporter,
} as const;

/** The importer of a format, on a path of this machine. It reads nothing before its drafts are asked for. */
export const importerFor = (format: keyof typeof importers, path: string): Importer =>
  importers[format](path);
