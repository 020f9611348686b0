import { type Signal, signal } from '@preact/signals';

const place = (key: string): string => `coterie.draft.${key}`;
const open = new Map<string, Signal<string>>();

/** What is being written in a place, kept in this browser and the same in all its tabs. */
export function draftOf(key: string): Signal<string> {
  const there = open.get(key);
  if (there) return there;
  const fresh = signal(localStorage.getItem(place(key)) ?? '');
  open.set(key, fresh);
  return fresh;
}

/** Writes a draft; an empty one is forgotten. */
export function keepDraft(key: string, text: string): void {
  draftOf(key).value = text;
  try {
    if (text === '') localStorage.removeItem(place(key));
    else localStorage.setItem(place(key), text);
  } catch {
    // No room: it is still in the page.
  }
}

/** Whether something is being written there. */
export const hasDraft = (key: string): boolean => draftOf(key).value !== '';

/** Puts a text before what is being written there: a quote. */
export const addToDraft = (key: string, text: string): void =>
  keepDraft(key, `${draftOf(key).value}${draftOf(key).value === '' ? '' : '\n'}${text}`);

addEventListener('storage', ({ key, newValue }) => {
  const name = key?.startsWith(place('')) ? key.slice(place('').length) : undefined;
  const draft = name === undefined ? undefined : open.get(name);
  if (draft) draft.value = newValue ?? '';
});
