import type { Crypto } from '../../op/index.ts';
import { chainNext, recordHash } from '../chain.ts';
import { documentIds, documentKey } from '../names.ts';
import {
  noRecord,
  type Payload,
  type RecordHead,
  type RecordPlace,
  readHead,
  readRecord,
} from '../record.ts';
import type { AlarmKind, LinkKeys, Place } from './port.ts';

/** What came of looking into one record, and where the document stands after it. */
export interface Opened {
  readonly place: Place;
  readonly head: RecordHead | undefined;
  readonly hash: string;
  /** Undefined for a record that says nothing here: it was altered. */
  readonly payload: Payload | undefined;
  readonly alarm: { readonly kind: AlarmKind; readonly message: string } | undefined;
}

export interface OpeningContext {
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly keyring: Pick<LinkKeys, 'byMark' | 'all'>;
  readonly at: RecordPlace;
  /** The name at the relay of a document in clear. */
  readonly idOf: (document: string) => string;
}

/**
 * Looks into the next record of a document: chain, epoch, seal, name and its author's count. `unknown_epoch`: its secret
 * is not here yet, and nothing behind it can be read before that is.
 */
export function openRecord(
  context: OpeningContext,
  place: Place,
  record: Uint8Array,
): Opened | 'unknown_epoch' {
  const { crypto, keyring, at, idOf } = context;
  const hash = recordHash(crypto, record);
  const moved: Place = {
    ...place,
    offset: place.offset + 1,
    chain: chainNext(crypto, place.chain, hash),
    since: { records: place.since.records + 1, bytes: place.since.bytes + record.length },
  };
  const altered = (message: string, head?: RecordHead): Opened => ({
    place: moved,
    head,
    hash,
    payload: undefined,
    alarm: { kind: 'altered', message },
  });
  const head = readHead(record);
  if (!head) return altered('it has not the form of a record');
  const epoch = keyring.byMark(head.epoch);
  if (!epoch) return 'unknown_epoch';
  const opened = readRecord(at, record, documentKey(epoch, at.document));
  if (!opened) return altered('its seal does not hold', head);
  const { name, payload } = opened;
  // Where two began the first epoch apart, one of them gave other names: what lies there is read, and no more added.
  if (idOf(name) !== at.document && !isFormer(context, name))
    return altered('it holds another document', head);
  const alarm = misplaced(place, head, hash);
  const authors = new Map(place.authors);
  // What a snapshot knows of authors counts where their records are not read here.
  if (payload.kind === 'snapshot')
    for (const [author, seq, last] of payload.authors)
      if ((authors.get(author)?.seq ?? 0) < seq) authors.set(author, { seq, hash: last });
  const before = authors.get(head.author);
  if ((before?.seq ?? 0) < head.seq) authors.set(head.author, { seq: head.seq, hash });
  // Of two with one number either may be what the next follows.
  else if (before?.seq === head.seq && before.hash !== hash)
    authors.set(head.author, { seq: head.seq, hash: noRecord });
  const since = payload.kind === 'snapshot' ? { records: 0, bytes: 0 } : moved.since;
  return { place: { ...moved, name, authors, since }, head, hash, payload, alarm };
}

const isFormer = ({ keyring, at }: OpeningContext, name: string): boolean =>
  keyring.all().some((epoch) => documentIds(at.mailbox, epoch)(name) === at.document);

/** Whether a record follows on the one before it by its author. */
function misplaced(place: Place, head: RecordHead, hash: string): Opened['alarm'] {
  const before = place.authors.get(head.author);
  if (!before) {
    // Of a document that was trimmed the first that is read need not be the author's first.
    if (head.seq === 1 || place.offset > 0 || head.snapshot) return undefined;
    return { kind: 'withheld', message: `${head.seq - 1} records of its author before it are missing` };
  }
  if (head.seq === before.seq + 1)
    return head.prev === before.hash || before.hash === noRecord
      ? undefined
      : { kind: 'forked', message: 'its author had made another record before it' };
  if (head.seq > before.seq)
    return {
      kind: 'withheld',
      message: `${head.seq - before.seq - 1} records of its author before it are missing`,
    };
  // Two of one number are no trick: the relay can't make one. Their author has two processes, or had two connections.
  if (head.seq === before.seq)
    return before.hash === hash ? { kind: 'replayed', message: 'it came before' } : undefined;
  return { kind: 'reordered', message: 'records that its author made later came before it' };
}
