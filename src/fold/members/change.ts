import { memberKinds, roles } from '../../../schemas/index.ts';
import { numberOf, recordsOf, textOf, wordOf } from '../data.ts';
import { write, writeIf } from '../register.ts';
import { counted, rejected } from '../shared.ts';
import type { Op, Term, Verdict } from '../types.ts';
import { currentTerm, type Folding, grant, keys, putMember, withHost, withRole } from './draft.ts';
import {
  isAtLeast,
  malformed,
  mayChange,
  noMember,
  notAllowed,
  roleOf,
  type Scene,
  target,
} from './scene.ts';

export function updateMember(scene: Scene): Verdict {
  const { folding, op, past } = scene;
  const member = target(scene);
  if (member === undefined) return noMember;
  if (!mayChange(scene, member)) return notAllowed('only the member itself or an admin changes it');
  const { data, bodyHash } = op.header;
  putMember(folding.draft, {
    ...member,
    handle: writeIf(member.handle, op, past, textOf(data, 'handle')),
    // The display name is a member's only text: a body means that it was written.
    name: bodyHash === undefined ? member.name : write(member.name, op, past, op.hash),
    kind: wordOf(data, 'kind', memberKinds) ?? member.kind,
  });
  return counted;
}

/** A replica that speaks for the member binds another; so does an admin, but only an owner for an owner. */
export function bindReplica(scene: Scene): Verdict {
  const { folding, op } = scene;
  const member = target(scene);
  const replica = textOf(op.header.data, 'replica');
  if (member === undefined) return noMember;
  if (replica === undefined) return malformed;
  const hosts = member.hosts.some(
    (host) => host.value === op.header.replica && scene.sight(host) === 'holds',
  );
  if (!(hosts && op.header.member === undefined) && !mayChange(scene, member))
    return notAllowed('only who speaks for the member or an admin binds a replica to it');
  withHost(folding.draft, member, grant(folding, keys.op(op.hash), op.hash, replica));
  return counted;
}

export function grantRole(scene: Scene): Verdict {
  const { folding, op, role } = scene;
  const member = target(scene);
  const gives = wordOf(op.header.data, 'role', roles);
  if (member === undefined) return noMember;
  if (gives === undefined) return malformed;
  const least = gives === 'owner' ? 'owner' : 'admin';
  if (!isAtLeast(role, least)) return notAllowed(`only an ${least} grants the role ${gives}`);
  withRole(folding.draft, member, grant(folding, keys.op(op.hash), op.hash, gives));
  return counted;
}

/** The arbiter that the operation saw hands its office over, under the next term. */
export function handOver(scene: Scene): Verdict {
  const { folding, op } = scene;
  const to = textOf(op.header.data, 'to');
  const term = numberOf(op.header.data, 'term');
  if (to === undefined || term === undefined) return malformed;
  const current = seenTerm(scene);
  if (current?.arbiter !== op.header.replica) return notAllowed('only the arbiter hands its office over');
  if (term !== current.term + 1) return notNext(current.term);
  beginTerm(folding, op, to, term);
  return counted;
}

/** The term that holds by what the operation saw. */
export const seenTerm = ({ folding, past }: Scene): Term | undefined =>
  currentTerm(folding.draft.terms.filter((one) => past.has(one.op)));

/** Terms go up one by one: so no one can take the highest of all for ever. */
export const notNext = (term: number) => rejected('illegal_move', `its term is not ${term + 1}`);

export function beginTerm({ draft }: Folding, op: Op, to: string, term: number): void {
  const promised = recordsOf(op.header.data, 'grants').map((one) => ({
    task: textOf(one, 'task') ?? '',
    grant: textOf(one, 'grant') ?? '',
    until: numberOf(one, 'until') ?? 0,
  }));
  draft.terms.push({ op: op.hash, term, arbiter: to, promised });
  draft.arbiter = currentTerm(draft.terms)?.arbiter ?? to;
}

/** Names and reasons are texts too: who wrote one, or is named by it, or an admin, removes it. */
export function redactText(scene: Scene): Verdict {
  const { folding, op, role } = scene;
  const { subject, member } = op.header;
  const known = folding.authors.get(subject);
  const named = target(scene);
  if (member === undefined) return notAllowed('a redaction is for a member to write');
  if (named === undefined && (known === undefined || !scene.past.has(subject))) return noMember;
  const mine = member === subject || member === known;
  const over = named !== undefined && roleOf(scene, named) === 'owner' ? 'owner' : 'admin';
  return mine || isAtLeast(role, over) ? counted : notAllowed('only its author or an admin removes a text');
}
