import type { Reservation } from '../../../schemas/index.ts';
import { type Glob, glob, isGlob, matches } from '../../../src/globs/index.ts';
import type { Call, Verb } from '../call.ts';
import { reachNode } from '../reach/connect.ts';
import { who } from '../show/conversation.ts';
import { oneLine } from '../show/terminal.ts';
import { ago } from '../show/time.ts';
import { stagedPaths } from './git.ts';
import { every } from './reservations.ts';

/** How long each answer of the node is waited for, ms: a commit must not hang on it. */
const patience = 5000;
/** Steps that matching may take: seconds. Whoever reserves without end holds up no commit for longer. */
const mostSteps = 20_000_000;
/** Paths that are told with one reservation. */
const mostShown = 5;

/** A staged path, and the glob of another member's reservation that it matches. */
interface Hit {
  readonly path: string;
  readonly glob: string;
}

interface Held {
  readonly reservation: Reservation;
  readonly hits: readonly Hit[];
}

/** What others hold; undefined when no node could be asked, which is said. */
async function asked(call: Call): Promise<Reservation[] | undefined> {
  try {
    const reached = await reachNode(call.settings, patience);
    if (reached !== undefined)
      try {
        return await every(reached.team, { others: true });
      } finally {
        await reached.close();
      }
    call.out.note('coterie: no node runs, so nobody looked who holds these paths');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    call.out.note(`coterie: nobody looked who holds these paths: ${oneLine(why)}`);
  }
  return undefined;
}

function heldOf(paths: readonly string[], reservations: readonly Reservation[], call: Call): Held[] {
  const steps = { left: mostSteps };
  const held = reservations.map((reservation) => {
    const globs = reservation.globs.map(glob).filter((one): one is Glob => isGlob(one));
    const hits = paths.flatMap((path): Hit[] => {
      const found = globs.find((one) => matches(one, path, steps));
      return found ? [{ path, glob: found.text }] : [];
    });
    return { reservation, hits };
  });
  if (steps.left < 0) call.out.note('coterie: too much is reserved to compare all of it with these paths');
  return held.filter(({ hits }) => hits.length > 0);
}

function told({ reservation: { by, until, reason }, hits }: Held, now: number): string {
  const why = reason === null ? '' : `: "${oneLine(reason)}"`;
  const paths = hits.slice(0, mostShown).map(({ path, glob }) => {
    const through = path === glob ? '' : ` (${oneLine(glob)})`;
    return `    ${oneLine(path)}${through}`;
  });
  if (hits.length > mostShown) paths.push(`    and ${hits.length - mostShown} more`);
  const end = new Date(until).toTimeString().slice(0, 5);
  return [`  ${who(by)} until ${end}, ${ago(until, now)}${why}`, ...paths].join('\n');
}

/** Advisory, so what cannot be asked stops no commit; `--no-verify` goes past what is held. */
export const preCommit: Verb = async (call) => {
  const paths = await stagedPaths();
  const reservations = paths.length === 0 ? [] : await asked(call);
  const held = heldOf(paths, reservations ?? [], call);
  if (call.out.json)
    call.out.data({
      asked: reservations !== undefined,
      paths: paths.length,
      held: held.map(({ reservation: { id, by, until, reason }, hits }) => ({ id, by, until, reason, hits })),
    });
  else if (held.length > 0) {
    call.out.note(
      [
        'coterie: others hold what this commit changes',
        ...held.map((one) => told(one, call.out.view.now)),
      ].join('\n'),
    );
    call.out.note('Talk to them, or commit all the same with: git commit --no-verify');
  }
  return held.length > 0 ? 1 : 0;
};
