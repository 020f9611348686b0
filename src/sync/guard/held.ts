import type { LogDocument } from '../../log/document.ts';
import { itemAt, itemsBetween } from './here.ts';
import { endOf } from './order.ts';
import type { SplitEvidence, Struct } from './types.ts';

/** What an update brings to a document. */
export interface News {
  /** Structs, or rests of structs, beyond what is here. */
  readonly structs: Map<number, Struct[]>;
  /** Structs of which at least a part is here. */
  held: number;
  readonly split: SplitEvidence[];
}

/** Compares the part of a struct that is here already by its key, where that can be told. True when it differs. */
function differs(shown: LogDocument, struct: Struct, split: SplitEvidence[]): boolean {
  const { client, clock, origin } = struct;
  const next = shown.clockOf(client);
  let there = struct.key;
  if (origin && origin.clock < shown.clockOf(origin.client)) there = itemAt(shown, origin)?.key;
  if (there === undefined) return false;
  for (const { key: here = '', ...item } of itemsBetween(
    shown,
    client,
    clock,
    Math.min(endOf(struct), next),
  )) {
    if (here === there) continue;
    split.push({ client, clock: Math.max(item.clock, clock), here, there });
    return true;
  }
  return false;
}

/** Sorts out what is here already. Of a deleted run that is here in part the rest follows its last item here, as in Yjs. */
export function newsFor(shown: LogDocument, structs: ReadonlyMap<number, readonly Struct[]>): News {
  const news: News = { structs: new Map(), held: 0, split: [] };
  for (const [client, list] of structs) {
    const next = shown.clockOf(client);
    const fresh: Struct[] = [];
    for (const struct of list) {
      const end = endOf(struct);
      if (struct.clock >= next) {
        fresh.push(struct);
        continue;
      }
      news.held++;
      const other = differs(shown, struct, news.split);
      if (end <= next) continue;
      // What comes after a run that is another here can't be placed.
      if (other) break;
      const origin = { client, clock: next - 1 };
      fresh.push({ ...struct, clock: next, length: end - next, origin, key: undefined });
    }
    if (fresh.length > 0) news.structs.set(client, fresh);
  }
  return news;
}
