import { sealedProtocol } from '../../../schemas/sealed.ts';
import { toBase64url } from '../../op/index.ts';
import { listHash, listHolds, readList } from '../admitted.ts';
import type { SignedList, ToRelay } from '../wire.ts';
import { type Mailbox, Refusal } from './mailbox.ts';
import { joinedKey, letterKey } from './rows.ts';
import type { OwnSession } from './session.ts';
import { admittedBy, isAdmitted, listWrite } from './state.ts';

type Asked<Type extends ToRelay['type']> = Extract<ToRelay, { readonly type: Type }>;

/** The list as read, for this mailbox and by whom it says. */
async function proven({ state, crypto }: Mailbox, signed: SignedList) {
  const list = readList(signed);
  if (!list || list.mailbox !== state.id)
    throw new Refusal('list_forged', 'this is no list of who is admitted to this mailbox');
  if (list.keys.length > sealedProtocol.keys) throw new Refusal('too_large', 'the list has too many keys');
  if (!list.keys.some(({ admin }) => admin))
    throw new Refusal('list_forged', 'nobody on the list could make the next');
  if (!(await listHolds(crypto, signed, list.by)))
    throw new Refusal('list_forged', 'the signature of the list does not hold');
  return list;
}

/** Makes the mailbox. Its first list is by who makes it. */
export async function create(
  mailbox: Mailbox,
  session: OwnSession,
  { list: signed, code }: Asked<'create'>,
): Promise<void> {
  const { state } = mailbox;
  if (state.head) throw new Refusal('exists', 'there is such a mailbox');
  if (!mailbox.mayCreate(code))
    throw new Refusal('enrolment', 'who makes a mailbox here needs the enrolment code of this relay');
  const list = await proven(mailbox, signed);
  const admin = list.keys.some((one) => one.key === session.key && one.admin);
  if (list.by !== session.key || !admin || list.prev !== null)
    throw new Refusal('list_forged', 'the first list is by who makes the mailbox');
  if (list.version !== 1) throw new Refusal('list_version', 'the first list has version 1');
  // Another may have been faster.
  if (state.head) throw new Refusal('exists', 'there is such a mailbox');
  state.head = {
    v: 1,
    incarnation: toBase64url(mailbox.random(32)),
    created: mailbox.now(),
    bytes: 0,
    records: 0,
    letter: 1,
    invites: 0,
  };
  state.admitted = admittedBy(signed, list);
  mailbox.dirty();
  mailbox.write([listWrite(state)], () => {
    mailbox.counts.created += 1;
    for (const one of [...mailbox.sessions]) if (one.phase === 'new') one.greet();
  });
}

/** Takes the next list. Sessions of keys that are not on it end. */
export async function putList(
  mailbox: Mailbox,
  session: OwnSession,
  { tag, list: signed }: { readonly tag: number; readonly list: SignedList },
): Promise<void> {
  const { state } = mailbox;
  const list = await proven(mailbox, signed);
  const before = state.admitted;
  if (!before) throw new Refusal('not_found', 'there is no such mailbox');
  if (signed.text === before.signed.text) {
    // Several admins may bring the same.
    mailbox.write([], () => session.send({ type: 'ok', tag }));
    return;
  }
  if (before.keys.get(list.by) !== true)
    throw new Refusal('not_admin', 'an admin of the list before signs the next');
  if (list.version !== before.list.version + 1 || list.prev !== listHash(mailbox.crypto, before.signed))
    throw new Refusal('list_version', `the list that is here has version ${before.list.version}`);
  state.admitted = admittedBy(signed, list);
  const gone: (readonly [string, undefined])[] = [];
  const revoked = new Set(list.revoked);
  for (const key of state.joined.keys()) {
    if (!state.admitted.keys.has(key) && !revoked.has(key)) continue;
    state.joined.delete(key);
    gone.push([joinedKey(state.id, key), undefined]);
  }
  for (const [number, { to }] of state.letters) {
    if (isAdmitted(state, to)) continue;
    state.letters.delete(number);
    gone.push([letterKey(state.id, number), undefined]);
  }
  // At once: what they send from now on is not taken.
  mailbox.sendAway();
  mailbox.write([listWrite(state), ...gone], () => {
    session.send({ type: 'ok', tag });
    mailbox.tell({ type: 'list', list: signed });
  });
}
