import type { AdmittedList, SealedJoined } from '../../../schemas/sealed.ts';
import type { Store } from '../../storage/port.ts';
import { readList } from '../admitted.ts';
import type { SignedList } from '../wire.ts';
import {
  type DocumentRow,
  documentKey,
  fromJson,
  type HeadRow,
  headKey,
  type InviteRow,
  inviteKey,
  type JoinedRow,
  jsonRow,
  type Letter,
  type ListRow,
  lastPart,
  listKey,
  numberIn,
  rangeOf,
  readLetter,
} from './rows.ts';

/** A document: as it will be when what waits is durable, and as far as it is durable. */
export interface Documented extends DocumentRow {
  readonly name: string;
  durable: {
    readonly base: number;
    readonly baseChain: string;
    readonly last: number;
    readonly chain: string;
  };
}

/** Who is admitted, as signed and as read. */
export interface Admitted {
  readonly signed: SignedList;
  readonly list: AdmittedList;
  /** Of each key on the list: whether it is an admin's. */
  readonly keys: ReadonlyMap<string, boolean>;
}

export const admittedBy = (signed: SignedList, list: AdmittedList): Admitted => ({
  signed,
  list,
  keys: new Map(list.keys.map(({ key, admin }) => [key, admin])),
});

/** A mailbox in memory: everything but records and what letters say. */
export interface MailboxState {
  readonly id: string;
  /** Undefined where there is no mailbox yet. */
  head: HeadRow | undefined;
  admitted: Admitted | undefined;
  readonly documents: Map<string, Documented>;
  /** Who came in by an invite and is not on the list yet. */
  readonly joined: Map<string, SealedJoined>;
  /** Letters that nobody took. */
  readonly letters: Map<number, Pick<Letter, 'from' | 'to'>>;
  readonly invites: Map<string, InviteRow>;
}

export const durableOf = ({ base, baseChain, last, chain }: DocumentRow): Documented['durable'] => ({
  base,
  baseChain,
  last,
  chain,
});

/** Reads a mailbox, of which there may be none. */
export async function loadMailbox(store: Store, id: string): Promise<MailboxState> {
  const [head, signed] = [await store.getConfirmed(headKey(id)), await store.getConfirmed(listKey(id))];
  const state: MailboxState = {
    id,
    head: head && fromJson<HeadRow>(head),
    admitted: undefined,
    documents: new Map(),
    joined: new Map(),
    letters: new Map(),
    invites: new Map(),
  };
  if (!head) return state;
  const row = signed && fromJson<ListRow>(signed);
  const list = row && readList(row);
  if (!list) throw new Error(`the mailbox ${id} has no list of who is admitted`);
  state.admitted = admittedBy(row, list);
  for await (const [key, value] of store.scan(rangeOf(id, 'd'))) {
    const document = fromJson<DocumentRow>(value);
    const name = lastPart(key);
    state.documents.set(name, { ...document, name, durable: durableOf(document) });
  }
  for (const [key, value] of await store.list(rangeOf(id, 'j')))
    state.joined.set(lastPart(key), fromJson<JoinedRow>(value));
  for await (const [key, value] of store.scan(rangeOf(id, 'p'))) {
    const { from, to } = readLetter(value);
    state.letters.set(numberIn(key), { from, to });
  }
  for (const [key, value] of await store.list(rangeOf(id, 'i')))
    state.invites.set(lastPart(key), fromJson<InviteRow>(value));
  return state;
}

export const headWrite = (state: MailboxState) => jsonRow(headKey(state.id), state.head);
export const listWrite = (state: MailboxState) => jsonRow(listKey(state.id), state.admitted?.signed);
export const inviteWrite = (state: MailboxState, invite: string) =>
  jsonRow(inviteKey(state.id, invite), state.invites.get(invite));

export function documentWrite(state: MailboxState, { name, durable: _, ...row }: Documented) {
  return jsonRow(documentKey(state.id, name), row satisfies DocumentRow);
}

/** True for a key on the list, and for one that came in by an invite and is not turned away. */
export const isAdmitted = ({ admitted, joined }: MailboxState, key: string): boolean =>
  admitted !== undefined && (admitted.keys.has(key) || joined.has(key));

export const isAdmin = ({ admitted }: MailboxState, key: string): boolean => admitted?.keys.get(key) === true;
