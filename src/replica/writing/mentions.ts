import type { Hash } from '../../../schemas/index.ts';
import type { Reading } from '../reading/context.ts';

const code = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g;
const mention = /(?<![\w@/.])@([a-z0-9]+(?:[._-][a-z0-9]+)*)/gi;
const shortId = /(?<![\w/.-])#?([a-z0-9]+(?:[._-][a-z0-9]+)*-[1-9]\d{0,8})(?![\w-])/g;
const most = 50;

/** Members that a text calls by `@handle`, outside code, as ids; `@here` stays as it is. Unknown handles are just text. */
export function mentionsIn(reading: Reading, text: string): string[] {
  const found = new Set<string>();
  for (const [, handle = ''] of text.replace(code, ' ').matchAll(mention)) {
    if (found.size === most) break;
    const name = handle.toLowerCase();
    if (name === 'here') found.add(name);
    const members = reading.membership.byHandle(name);
    const speaking = members.filter((member) => !member.imported);
    for (const { id } of speaking.length > 0 ? speaking : members) found.add(id);
  }
  return [...found];
}

/** Tasks that a text names by short id, `kai-12` or `#kai-12`; one that two tasks share is just text. */
export async function referencesIn(reading: Reading, text: string): Promise<{ kind: 'task'; id: Hash }[]> {
  const names = new Set(
    [...text.replace(code, ' ').matchAll(shortId)].slice(0, most).map(([, short = '']) => short),
  );
  const found: { kind: 'task'; id: Hash }[] = [];
  for (const short of names) {
    const rows = await reading.database.under<string>(`v/short/${short}/`);
    const [only] = rows;
    if (rows.length === 1 && only)
      found.push({ kind: 'task', id: only[0].slice(only[0].lastIndexOf('/') + 1) });
  }
  return found;
}

/** What a text carries besides itself. */
export async function saidIn(reading: Reading, text: string): Promise<Record<string, unknown>> {
  const mentions = mentionsIn(reading, text);
  const references = await referencesIn(reading, text);
  return { ...(mentions.length > 0 ? { mentions } : {}), ...(references.length > 0 ? { references } : {}) };
}
