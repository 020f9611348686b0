import { type Hash, memberKinds, type Role, roles } from '../../../schemas/index.ts';
import { numberOf, recordOf, textOf, wordOf } from '../data.ts';
import { written } from '../register.ts';
import { counted, rejected } from '../shared.ts';
import type { InviteState, Op, Verdict } from '../types.ts';
import { admit, type Folding, grant, keys, putMember, withHost, withRole } from './draft.ts';
import { isAtLeast, known, malformed, notAllowed, type Scene } from './scene.ts';
import { rank } from './standing.ts';

/** The term of the arbiter that the genesis names. */
const firstTerm = 1;

/** The first operation: it says whose workspace this is, and proves itself. */
export function genesis({ draft }: Folding, op: Op): Verdict {
  const { data } = op.header;
  const arbiter = textOf(data, 'arbiter') ?? op.header.replica;
  draft.workspace = op.hash;
  draft.name = textOf(data, 'name') ?? '';
  draft.owner = textOf(data, 'owner') ?? '';
  draft.arbiter = arbiter;
  draft.terms.push({ op: op.hash, term: firstTerm, arbiter, promised: [] });
  return counted;
}

/** Invites of this seed that the operation saw and that hold for it. */
const invitesOf = (scene: Scene, seed: string): InviteState[] =>
  [...scene.folding.draft.invites.values()].filter(
    (invite) => invite.seed === seed && invite.grants.some((one) => scene.sight(one) === 'holds'),
  );

/**
 * A replica comes in by the owner's seed, or by an invite's with its countersignature. Signatures are checked before
 * folding, the number of uses by the countersigner: here stands what the operations themselves can show.
 */
export function admitReplica(scene: Scene): Verdict {
  const { folding, op } = scene;
  const { data, replica } = op.header;
  const { draft } = folding;
  const seed = textOf(data, 'seed');
  const key = textOf(data, 'key');
  const encryption = textOf(data, 'encryption');
  if (seed === undefined || key === undefined || encryption === undefined) return malformed;
  if (seed !== draft.owner) {
    const refusal = inviteRefusal(scene, seed);
    if (refusal !== undefined) return refusal;
  }
  const admission = grant(folding, keys.admission(replica, seed), op.hash, seed);
  if (reached(scene, admission)) return notAllowed('it was revoked; a fresh invite admits it again');
  admit(draft, { id: replica, key, encryption }, admission);
  return counted;
}

function inviteRefusal(scene: Scene, seed: string): Verdict | undefined {
  const { data } = scene.op.header;
  const countersign = recordOf(data, 'countersign');
  const invite = invitesOf(scene, seed).find(({ id }) => id === textOf(data, 'invite'));
  if (invite === undefined) return notAllowed('no invite in force vouches for it');
  if (countersign === undefined || textOf(countersign, 'replica') !== invite.countersigner)
    return notAllowed('the countersigner of its invite did not sign');
  const signer = scene.folding.draft.replicas.get(invite.countersigner)?.admissions ?? [];
  if (signer.length > 0 && signer.every((one) => reached(scene, one)))
    return notAllowed('the countersigner of its invite was revoked before it');
  if ((numberOf(countersign, 'at') ?? Number.POSITIVE_INFINITY) > invite.expires)
    return notAllowed('its invite had expired');
  return undefined;
}

export function createInvite(scene: Scene): Verdict {
  const { folding, op, role } = scene;
  const { data, member } = op.header;
  const seed = textOf(data, 'seed');
  const gives = wordOf(data, 'role', roles);
  const countersigner = textOf(data, 'countersigner');
  if (seed === undefined || gives === undefined || countersigner === undefined || member === undefined)
    return malformed;
  if (!isAtLeast(role, gives === 'owner' ? 'owner' : 'admin'))
    return notAllowed(`only an ${gives === 'owner' ? 'owner' : 'admin'} invites`);
  folding.draft.invites.set(op.hash, {
    id: op.hash,
    seed,
    role: gives,
    expires: numberOf(data, 'expires') ?? 0,
    uses: numberOf(data, 'uses') ?? 1,
    countersigner,
    by: member,
    grants: [grant(folding, keys.op(op.hash), op.hash, seed)],
  });
  return counted;
}

/** A member of the machine whose seed admitted the replica, hosted by it from now on; or an author of history. */
export function createMember(scene: Scene): Verdict {
  const { folding, op, memberId } = scene;
  const { header } = op;
  const handle = textOf(header.data, 'handle');
  const machine = textOf(header.data, 'machine');
  if (handle === undefined) return malformed;
  if (machine === undefined) return createAuthor(scene, handle);

  const { draft } = folding;
  const admissions = draft.replicas.get(header.replica)?.admissions ?? [];
  if (!admissions.some((one) => one.value === machine && scene.sight(one) === 'holds'))
    return notAllowed('its replica was not admitted by this machine');
  const id = memberId(draft.workspace, machine, handle);
  const host = grant(folding, keys.creationHost(id, header.replica), op.hash, header.replica);
  if (reached(scene, host)) return notAllowed('its replica was unbound from this member');

  const existing = draft.members.get(id);
  // Whoever saw the member only joins its hosts. Made apart, each creation gives the role that it could give.
  const seen = existing !== undefined && known(scene, [...existing.hosts, ...existing.roles]);
  const role = grant(folding, keys.creationRole(id), op.hash, seedRole(scene, machine));
  if (machine === draft.owner && !seen) folding.owned.push(op.hash);
  if (existing === undefined)
    putMember(draft, { ...fresh(op, id, handle), machine, roles: [role], hosts: [host] });
  else {
    withHost(draft, existing, host);
    const hosted = draft.members.get(id);
    if (!seen && hosted !== undefined) withRole(draft, hosted, role);
  }
  return counted;
}

const fresh = (op: Op, id: Hash, handle: string) => ({
  id,
  handle: [written(op, handle)],
  name: [written(op, op.header.bodyHash === undefined ? null : op.hash)],
  kind: wordOf(op.header.data, 'kind', memberKinds) ?? 'agent',
  imported: false,
  created: { op: op.hash, stamp: op.header.stamp },
});

/** History's authors have a name and nothing else: nobody speaks for them. */
function createAuthor({ folding, op }: Scene, handle: string): Verdict {
  const { imported } = op.header;
  if (imported === undefined) return rejected('schema', 'a member has a machine, or comes from history');
  const role = grant<Role>(folding, keys.op(op.hash), op.hash, 'reader');
  putMember(folding.draft, {
    ...fresh(op, op.hash, handle),
    imported: true,
    source: imported.source,
    roles: [role],
    hosts: [],
  });
  return counted;
}

/**
 * What a seed may give. The owner's machine gives any role, and where none is asked for `owner` to the first member it
 * makes; an invite gives at most its own. What is not asked for is `member`.
 */
function seedRole(scene: Scene, machine: string): Role {
  const { draft, owned } = scene.folding;
  const asked = wordOf(scene.op.header.data, 'role', roles);
  if (machine === draft.owner) {
    const first = !owned.some((op) => scene.past.has(op));
    return asked ?? (first ? 'owner' : 'member');
  }
  let most: Role = 'reader';
  for (const invite of invitesOf(scene, machine)) if (rank(invite.role) > rank(most)) most = invite.role;
  const wanted = asked ?? 'member';
  return rank(wanted) > rank(most) ? most : wanted;
}

/** True when a narrowing that reaches this operation ended what it would grant. */
const reached = (scene: Scene, fresh: { readonly ended: readonly { readonly op: Hash }[] }): boolean =>
  fresh.ended.some((ending) => scene.past.has(ending.op));
