import { CoterieError, type Hash, type Role } from '../../schemas/index.ts';
import { closeCodes } from '../../schemas/protocol.ts';
import type { Known, Standing } from '../../src/replica/standing.ts';
import type { Surface } from '../../src/replica/surface.ts';
import { looksLikeProof, opens, type ProofRefusal, type Proven, verifyProof } from './verify.ts';

/** Who asks at a door: a member by its token, or a replica by a proof of its key. */
export interface Caller {
  /** Tells callers apart: whom a session is of, and whose requests are counted. */
  readonly name: string;
  /** Handle of the member that it speaks for; undefined for a replica that names none and hosts several, or none. */
  readonly handle: string | undefined;
  /** The replica whose key was proved, and that key. */
  readonly replica: { readonly id: Hash; readonly key: string } | undefined;
  /** The session by which the page of a browser speaks; undefined for who has a token or a key. */
  readonly session?: string | undefined;
  /** When its proof or its session is over, ms; undefined for a token. */
  readonly expires: number | undefined;
  /** Whether it may open a document of this name. */
  opens(document: string): boolean;
  /** The member's verbs. Throws `forbidden` where there is no member, or the proof is for some documents alone. */
  surface(): Surface;
  /** The highest role that it speaks with now. */
  role(): Role;
  /** Handles and ids that it may speak as. */
  speaksAs(name: string): boolean;
  /** What ends its sessions now: `unauthorized` or `not_admitted`. */
  fault(): CoterieError | undefined;
}

export interface Callers {
  /** Throws `unauthorized` for what proves nothing, `not_admitted` for a key that is not in force here. */
  of(credential: string | undefined): Promise<Caller>;
  /**
   * Ends a session once its caller may go on no longer: within a second of this replica's learning that, at the end of its
   * proof at once, a minute after its token is gone at most. Returns what stops that, and what takes a renewed proof.
   */
  watch(caller: Caller, end: (why: CoterieError) => void, document?: string): Watch;
}

export interface Watch {
  /** Takes another proof of the same key for the same: the session goes on until that one is over. */
  renew(proof: string): Promise<void>;
  stop(): void;
}

export interface CallersOptions {
  readonly workspace: string;
  /** This listener's own public key: what proofs name as their audience. */
  readonly audience: string;
  /** The member whom a token names. */
  readonly whose: (token: string) => string | undefined;
  /** The verbs as a member of this replica. */
  readonly as: (handle: string) => Surface;
  /** Absent for a stand-in in a test: then there are tokens alone. */
  readonly standing: Standing | undefined;
  /** Calls back when membership or sessions may have changed; returns what stops it. */
  readonly onChange: (listener: () => void) => () => void;
  readonly now: () => number;
  readonly timer: (task: () => void, ms: number) => () => void;
}

const refusals: Record<ProofRefusal, string> = {
  expired: 'The proof of key is over, not yet valid, or longer than five minutes.',
  forged: 'The signature of the proof of key does not hold.',
  audience: 'The proof of key is for another listener.',
  workspace: 'The proof of key is for another workspace.',
  malformed: 'The credential is neither a token nor a proof of key.',
};

const unauthorized = (message: string, hint?: string): CoterieError =>
  new CoterieError('unauthorized', message, hint === undefined ? {} : { hint });

/** How soon after a change of membership sessions are looked at: it may still reach whom it names, ms. */
const soon = 200;
/** How often tokens of open sessions are looked at, ms. */
const often = 60_000;

/** As what a socket is closed: clients do not try again after either. */
export function closeCodeOf({ code }: CoterieError): number {
  if (code === 'rate_limited') return closeCodes.busy;
  return code === 'unauthorized' ? closeCodes.unproven : closeCodes.stranger;
}

/** Aborts once a caller may go on no longer, with why; nobody looks any more once `gone` aborts. */
export function ended(callers: Callers, caller: Caller, gone: AbortSignal): AbortSignal {
  const over = new AbortController();
  const watch = callers.watch(caller, (why) => over.abort(why));
  if (gone.aborted) watch.stop();
  else gone.addEventListener('abort', () => watch.stop(), { once: true });
  return over.signal;
}

const ranks: readonly Role[] = ['reader', 'member', 'admin', 'owner'];

export function openCallers(options: CallersOptions): Callers & { close(): void } {
  const { workspace, audience, whose, as, standing, now, timer } = options;
  const open = new Set<{ look(): void }>();
  let cancelSoon: (() => void) | undefined;
  let cancelOften: (() => void) | undefined;

  function lookAll(): void {
    for (const one of [...open]) one.look();
  }
  function lookOften(): void {
    cancelOften = timer(() => {
      lookAll();
      cancelOften = undefined;
      if (open.size > 0) lookOften();
    }, often);
  }
  const stopChanges = options.onChange(() => {
    cancelSoon ??= timer(() => {
      cancelSoon = undefined;
      lookAll();
    }, soon);
  });

  function ofToken(token: string): Caller {
    const handle = whose(token);
    if (handle === undefined) throw unauthorized('The bearer token is not one that this node issued.');
    const unbound = (): CoterieError | undefined =>
      standing && standing.own(handle) === undefined
        ? new CoterieError('not_admitted', `This node was unbound from ${handle}, and speaks for it no more.`)
        : undefined;
    const fault = unbound();
    if (fault) throw fault;
    return {
      name: handle,
      handle,
      replica: undefined,
      expires: undefined,
      opens: () => true,
      surface: () => as(handle),
      role: () => standing?.own(handle)?.role ?? 'member',
      speaksAs: (name) => name === handle || name === standing?.own(handle)?.id,
      fault() {
        if (gone(token) !== handle) return unauthorized('The bearer token is not one of this node any more.');
        return unbound();
      },
    };
  }

  /** A file that must not be trusted is an error at the door; for who is in, it is a token that is gone. */
  function gone(token: string): string | undefined {
    try {
      return whose(token);
    } catch {
      return undefined;
    }
  }

  function admitted(at: Standing, key: string): Hash | CoterieError {
    const { id, is } = at.replica(key);
    if (is === 'admitted') return id;
    const why = is === 'revoked' ? 'was revoked' : 'is none of this workspace';
    return new CoterieError('not_admitted', `The replica ${id} ${why}.`);
  }

  function memberOf(at: Standing, replica: Hash, named: string | undefined): Known | undefined {
    const hosted = at.hostedBy(replica);
    if (named === undefined) return hosted.length === 1 ? hosted[0] : undefined;
    const found = hosted.filter(({ id, handle }) => handle === named || id === named);
    if (found.length === 1) return found[0];
    throw new CoterieError('not_admitted', `The replica ${replica} speaks for no member ${named}.`, {
      hint: 'Name one that it hosts, by handle or id.',
      legal: hosted.map(({ id }) => id),
    });
  }

  async function prove(text: string): Promise<Proven> {
    const proven = await verifyProof(text, { audience, workspace, now: now() });
    if ('refused' in proven) throw unauthorized(refusals[proven.refused], 'Make a fresh proof of key.');
    return proven;
  }

  async function ofProof(text: string, at: Standing): Promise<Caller> {
    const { key, documents, member: named, expires } = await prove(text);
    const replica = admitted(at, key);
    if (typeof replica !== 'string') throw replica;
    const member = memberOf(at, replica, named);
    const own = (): readonly Known[] =>
      at.hostedBy(replica).filter(({ id }) => named === undefined || id === member?.id);
    return {
      name: `replica ${replica} ${member?.id ?? ''}`,
      handle: member?.handle,
      replica: { id: replica, key },
      expires,
      opens: (document) => opens(documents, document),
      surface() {
        if (documents !== '')
          throw new CoterieError('forbidden', `The proof of key is for ${documents} alone.`, {
            hint: 'Make one without doc.',
          });
        if (member === undefined)
          throw new CoterieError('forbidden', 'The proof of key names no member to speak for.', {
            hint: 'Name one that the replica hosts in mbr.',
            legal: at.hostedBy(replica).map(({ id }) => id),
          });
        return at.speakAs(member);
      },
      role: () =>
        own().reduce<Role>(
          (most, { role }) => (ranks.indexOf(role) > ranks.indexOf(most) ? role : most),
          'reader',
        ),
      speaksAs: (name) => own().some(({ id, handle }) => name === handle || name === id),
      fault() {
        const now = admitted(at, key);
        if (typeof now !== 'string') return now;
        if (named !== undefined && own().length === 0)
          return new CoterieError('not_admitted', `The replica ${replica} speaks for ${named} no more.`);
        return undefined;
      },
    };
  }

  return {
    async of(credential) {
      if (credential === undefined) throw unauthorized('The request carries no bearer token.');
      return standing && looksLikeProof(credential) ? ofProof(credential, standing) : ofToken(credential);
    },
    watch(caller, end, document) {
      let over = false;
      let cancel: (() => void) | undefined;
      const finish = (why: CoterieError): void => {
        if (over) return;
        watch.stop();
        end(why);
      };
      const until = (expires: number): void => {
        cancel?.();
        cancel = timer(
          () =>
            finish(
              unauthorized(
                `The ${caller.session === undefined ? 'proof of key' : 'session of this page'} is over.`,
              ),
            ),
          expires - now(),
        );
      };
      const session = {
        look() {
          const why = caller.fault();
          if (why) finish(why);
        },
      };
      const watch: Watch = {
        async renew(proof) {
          try {
            const next = standing && (await ofProof(proof, standing));
            if (next?.name !== caller.name || (document !== undefined && !next.opens(document)))
              throw unauthorized('The renewed proof is of another key, or for something else.');
            if (!over && next.expires !== undefined) until(next.expires);
          } catch (error) {
            finish(error instanceof CoterieError ? error : unauthorized('The renewed proof cannot be read.'));
          }
        },
        stop() {
          over = true;
          cancel?.();
          open.delete(session);
        },
      };
      if (caller.expires !== undefined) until(caller.expires);
      open.add(session);
      if (cancelOften === undefined) lookOften();
      return watch;
    },
    close() {
      stopChanges();
      cancelSoon?.();
      cancelOften?.();
      open.clear();
    },
  };
}
