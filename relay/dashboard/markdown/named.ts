/** What a text names, by the same rules as the operation that carries it: whom it calls, and tasks by their short ids. */
export type Named =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'member'; readonly handle: string; readonly text: string }
  | { readonly kind: 'task'; readonly id: string; readonly text: string }
  | { readonly kind: 'channel'; readonly name: string; readonly text: string };

const names =
  /(?<![\w@/.])@(?<handle>[a-z0-9]+(?:[._-][a-z0-9]+)*(?:~[a-z2-7]{4,26})?)(?!\/)|(?<![\w/.-])#?(?<task>[a-z0-9]+(?:[._-][a-z0-9]+)*-[1-9]\d{0,8})(?![\w-])|(?<![\w/&#])#(?<channel>[a-z][a-z0-9]*(?:[._-][a-z0-9]+)*)(?![\w-])/gi;

export function namedIn(text: string): readonly Named[] {
  const found: Named[] = [];
  let from = 0;
  for (const match of text.matchAll(names)) {
    const { index, groups } = match;
    const [whole] = match;
    if (index > from) found.push({ kind: 'text', text: text.slice(from, index) });
    const { handle, task, channel } = groups ?? {};
    if (handle !== undefined) found.push({ kind: 'member', handle: handle.toLowerCase(), text: whole });
    else if (task !== undefined) found.push({ kind: 'task', id: task, text: whole });
    else found.push({ kind: 'channel', name: channel ?? '', text: whole });
    from = index + whole.length;
  }
  if (from < text.length) found.push({ kind: 'text', text: text.slice(from) });
  return found;
}
