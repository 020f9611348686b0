import { closeCodes } from '../../../schemas/protocol.ts';
import type { SignedList, ToRelay } from '../wire.ts';
import { count } from './counts.ts';
import { append, confirm } from './documents.ts';
import { register, unregister } from './invites.ts';
import { putLetter, takeLetter } from './letters.ts';
import { create, putList } from './lists.ts';
import { type Mailbox, Refusal } from './mailbox.ts';
import { inventory, readRecords } from './reading.ts';
import type { OwnSession } from './session.ts';

/** Those of which the sender wants to know how they ended. */
type Tagged = Extract<ToRelay, { readonly tag: number }>;

/** Does what a frame asks for. */
export function serve(mailbox: Mailbox, session: OwnSession, message: ToRelay): void {
  switch (message.type) {
    case 'hello':
      session.hello(message);
      return;
    case 'ping':
      session.send({ type: 'pong', number: message.number });
      return;
    case 'pong':
      return;
    case 'bye':
      session.close(message.code, message.reason);
      return;
    case 'token':
      void renew(mailbox, session, message.token);
      return;
    default:
  }
  if (session.phase === 'greeting') {
    session.close(closeCodes.malformed, `${message.type} before hello`);
    return;
  }
  if ('tag' in message) serveTagged(mailbox, session, message);
  else if (session.phase === 'open') serveUntagged(mailbox, session, message);
}

function serveUntagged(
  mailbox: Mailbox,
  session: OwnSession,
  message: Extract<ToRelay, { readonly type: 'inventory' | 'subscribe' | 'letterTaken' }>,
): void {
  if (message.type === 'subscribe') session.subscribe();
  else if (message.type === 'letterTaken') takeLetter(mailbox, session, message.number);
  else session.ask(async () => session.send(inventory(mailbox, message.after)));
}

function refuse(mailbox: Mailbox, session: OwnSession, { tag }: Tagged, error: unknown): void {
  const known = error instanceof Refusal;
  if (!known) mailbox.onTrouble(error);
  const code = known ? error.code : 'failed';
  count(mailbox.counts.refused, code);
  session.send({ type: 'error', tag, code, message: known ? error.message : 'the relay failed' });
}

function serveTagged(mailbox: Mailbox, session: OwnSession, message: Tagged): void {
  try {
    if (session.phase === 'new' && message.type !== 'create')
      throw new Refusal('not_found', 'there is no such mailbox');
    const done = work(mailbox, session, message);
    if (done) done.catch((error: unknown) => refuse(mailbox, session, message, error));
  } catch (error) {
    refuse(mailbox, session, message, error);
  }
}

/** Reading and checking a list takes longer than its bytes alone. */
const costOf = ({ text }: SignedList): number => text.length >>> 8;

/** What is done at once keeps the order in which it was sent; what a signature is checked for does not. */
function work(mailbox: Mailbox, session: OwnSession, message: Tagged): Promise<void> | undefined {
  const { signature } = mailbox.limits;
  switch (message.type) {
    case 'append':
      append(mailbox, session, message);
      return undefined;
    case 'read':
      session.ask(() => read(mailbox, session, message));
      return undefined;
    case 'create':
      session.spend(signature + costOf(message.list));
      return create(mailbox, session, message);
    case 'confirm':
      session.spend(signature);
      return confirm(mailbox, session, message);
    case 'list': {
      const { list, tag } = message;
      if (!list) {
        const { admitted } = mailbox.state;
        if (admitted) session.send({ type: 'list', list: admitted.signed });
        return undefined;
      }
      session.spend(signature + costOf(list));
      return putList(mailbox, session, { tag, list });
    }
    case 'invite':
      session.spend(signature);
      return register(mailbox, session, message);
    case 'uninvite':
      return unregister(mailbox, session, message);
    case 'letter':
      putLetter(mailbox, session, message);
      return undefined;
  }
}

async function read(
  mailbox: Mailbox,
  session: OwnSession,
  message: Extract<ToRelay, { readonly type: 'read' }>,
): Promise<void> {
  try {
    const piece = await readRecords(mailbox, message.document, message);
    session.send({ type: 'records', tag: message.tag, document: message.document, ...piece });
  } catch (error) {
    refuse(mailbox, session, message, error);
  }
}

async function renew(mailbox: Mailbox, session: OwnSession, token: string): Promise<void> {
  session.spend(mailbox.limits.signature);
  const proven = await mailbox.prove(token, mailbox.state.id).catch(() => ({ refused: 'malformed' }));
  if ('refused' in proven) session.close(closeCodes.unproven, `the proof of key is ${proven.refused}`);
  else session.renew(proven);
}
