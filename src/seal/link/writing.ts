import { sliceUpdate } from '../../sync/guard/index.ts';
import { documentKey, epochMark } from '../names.ts';
import { noRecord, type RecordPlace, writeRecord } from '../record.ts';
import type { DocumentContext } from './document.ts';
import type { Place } from './port.ts';
import { covers, extended, hasStructs, vectorBytes, vectorOf } from './vectors.ts';

/** Bytes of an update in one record: what is around it has room beside. */
const updateBytes = 1024 * 1024 - 4096;

/** Parts of one snapshot. */
const mostParts = 32;

/** A record that is to be appended. */
export interface Made {
  readonly record: Uint8Array;
  readonly update: Uint8Array;
  /** It holds all that the mailbox lacked. */
  readonly all: boolean;
}

/** Makes the records of one document. */
export function createWriting(context: DocumentContext, at: RecordPlace) {
  const { source, crypto } = context;
  let marked = { id: '', mark: '' };

  /** Undefined while nothing may be sealed: no epoch is safe, or its secret is not here. */
  function write(
    place: Place,
    payload: Parameters<typeof writeRecord>[0]['payload'],
    snapshot: { readonly to: number; readonly chain: string } | undefined,
  ): Uint8Array | undefined {
    const epoch = source.keyring.current();
    const { name } = place;
    if (!epoch || name === undefined) return undefined;
    if (marked.id !== epoch.id) marked = { id: epoch.id, mark: epochMark(crypto, epoch.id) };
    const { seq, hash } = place.authors.get(source.publicKey) ?? { seq: 0, hash: noRecord };
    return writeRecord({
      place: at,
      head: {
        epoch: marked.mark,
        author: source.publicKey,
        seq: seq + 1,
        prev: hash,
        snapshot,
      },
      key: documentKey(epoch, at.document),
      name,
      payload,
      random: context.random,
    });
  }

  function piecesOf(update: Uint8Array): readonly [Uint8Array, ...Uint8Array[]] {
    const sliced = sliceUpdate(update, updateBytes);
    const [first, ...rest] = sliced.verdict === 'sliced' ? sliced.updates : [];
    if (!first) throw new Error(`an update of ${at.document} can't be cut`);
    return [first, ...rest];
  }

  return {
    /** What the mailbox lacks, as far as it fits; `nothing` where it lacks none. */
    async next(place: Place): Promise<Made | 'nothing' | undefined> {
      const { name, vector } = place;
      if (name === undefined) return undefined;
      if (covers(vector, vectorOf(await source.stateVector(name)))) return 'nothing';
      const lacking = await source.diff(name, vectorBytes(vector));
      if (!hasStructs(lacking)) return 'nothing';
      const all = lacking.length <= updateBytes;
      const update = all ? lacking : piecesOf(lacking)[0];
      const record = write(place, { kind: 'update', update }, undefined);
      return record && { record, update, all };
    },

    /**
     * A snapshot of all of it, in parts that are made one after the other: what does not fit into the last, which is the
     * snapshot, is in records before it, that stay when those are let go that it stands for. None where it is larger than
     * so many, or not all in the mailbox yet.
     */
    async snapshot(place: Place): Promise<readonly ((at: Place) => Made | undefined)[]> {
      const { name, vector, offset: to, chain, authors } = place;
      const whole = name === undefined ? undefined : await source.diff(name, vectorBytes(new Map()));
      if (!whole || !covers(extended(new Map(), whole), vector)) return [];
      const pieces = whole.length <= updateBytes ? [whole] : piecesOf(whole);
      if (pieces.length > mostParts) return [];
      const list = [...authors].map(([author, { seq, hash }]) => [author, seq, hash] as const);
      return pieces.map((update, i) => (now: Place): Made | undefined => {
        const record =
          i < pieces.length - 1
            ? write(now, { kind: 'update', update }, undefined)
            : write(now, { kind: 'snapshot', update, authors: list }, { to, chain });
        return record && { record, update, all: true };
      });
    },
  };
}
