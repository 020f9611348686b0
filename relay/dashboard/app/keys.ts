/** One key of the keyboard and what it does; the sheet behind `?` lists them. */
export interface Key {
  /**
   * As `KeyboardEvent.key` has it; `mod+k` with Control or Command. `g then b` is one after the other. Without one it is a
   * command that the palette alone has.
   */
  readonly key?: string;
  readonly what: string;
  readonly run: () => void;
}

const keys = new Set<Key>();
let before = '';
let beforeAt = 0;
/** Longest pause between two keys of one sequence, ms. */
const pause = 1_000;

/** As a person reads it. */
export const shownKey = (key: string): string => key.replace('mod+', 'Ctrl ');

/** Every key that does something where the page is now. */
export const keysNow = (): readonly Key[] => [...keys];

/** Adds a key; returns what takes it away. The latest of the same key is the one that counts. */
export function addKey(key: Key): () => void {
  keys.add(key);
  return () => void keys.delete(key);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

const named = (event: KeyboardEvent): string =>
  event.ctrlKey || event.metaKey ? `mod+${event.key.toLowerCase()}` : event.key;

export function listenForKeys(): void {
  addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.altKey || event.isComposing) return;
    const name = named(event);
    if (!name.startsWith('mod+') && isTyping(event.target)) return;
    // A dialog that is open has its own keys.
    if (document.querySelector('dialog[open]') && name !== 'Escape' && !name.startsWith('mod+')) return;
    const now = event.timeStamp;
    const sequence = now - beforeAt < pause ? `${before} then ${name}` : name;
    before = name;
    beforeAt = now;
    const all = [...keys].reverse();
    const found = all.find(({ key }) => key === sequence) ?? all.find(({ key }) => key === name);
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}
