import { CoterieError, LogName } from '../../schemas/index.ts';

/** A log document: its log and the number of its segment, from 1. */
export interface DocumentName {
  readonly log: string;
  readonly segment: number;
}

const pattern = /^log\/([a-z2-7.]+)\/([1-9][0-9]{0,8})$/;

/** `log/<log>/<segment>`. Throws `invalid` for a name that `parseDocumentName` wouldn't read. */
export function documentName(log: string, segment: number): string {
  const name = `log/${log}/${segment}`;
  if (!parseDocumentName(name))
    throw new CoterieError('invalid', `${name} is not the name of a log document`);
  return name;
}

/** The parts of a log document's name; `undefined` for any other string. */
export function parseDocumentName(name: string): DocumentName | undefined {
  const [, log, segment] = pattern.exec(name) ?? [];
  if (log === undefined || !LogName.safeParse(log).success) return undefined;
  return { log, segment: Number(segment) };
}
