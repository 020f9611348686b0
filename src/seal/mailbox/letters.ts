import type { ToRelay } from '../wire.ts';
import { type Mailbox, Refusal } from './mailbox.ts';
import { letterKey, letterRow, readLetter } from './rows.ts';
import type { OwnSession } from './session.ts';
import { isAdmitted } from './state.ts';

type Asked<Type extends ToRelay['type']> = Extract<ToRelay, { readonly type: Type }>;

/** Keeps a letter for another replica until it says that it has it. */
export function putLetter(mailbox: Mailbox, session: OwnSession, { tag, to, bytes }: Asked<'letter'>): void {
  const { state, limits, counts } = mailbox;
  const { head, letters } = state;
  if (!head || !isAdmitted(state, to)) throw new Refusal('not_found', 'nobody of that key is admitted');
  const forOne = [...letters.values()].filter((letter) => letter.to === to).length;
  if (letters.size >= limits.letters || forOne >= limits.lettersForOne)
    throw new Refusal('quota', 'too many letters wait');
  const number = head.letter;
  head.letter += 1;
  const letter = { from: session.key, to, bytes };
  letters.set(number, { from: letter.from, to });
  mailbox.dirty();
  mailbox.write([letterRow(letterKey(state.id, number), letter)], () => {
    counts.letters += 1;
    session.send({ type: 'ok', tag });
    for (const other of mailbox.sessions)
      if (other.key === to && other.phase === 'open')
        other.send({ type: 'letter', number, from: letter.from, bytes });
  });
}

/** Lets a letter go that came to whom it is for. Others' letters are none of its business, and no error. */
export function takeLetter(mailbox: Mailbox, session: OwnSession, number: number): void {
  const { state } = mailbox;
  if (state.letters.get(number)?.to !== session.key) return;
  state.letters.delete(number);
  mailbox.write([[letterKey(state.id, number), undefined]], () => undefined);
}

/** Sends what waits for a session. */
export async function sendLetters(mailbox: Mailbox, session: OwnSession): Promise<void> {
  const { state, store } = mailbox;
  for (const [number, { to }] of [...state.letters]) {
    if (to !== session.key) continue;
    const row = await store.get(letterKey(state.id, number));
    if (!row) continue;
    const { from, bytes } = readLetter(row);
    session.send({ type: 'letter', number, from, bytes });
  }
}
