import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { Role } from '../../../schemas/index.ts';
import { type Client, createClient } from '../../../src/client/index.ts';
import type { App } from '../app/context.ts';
import type { ReplicaState } from '../replica/protocol.ts';
import type { Door } from './door.ts';
import { openLive } from './live.ts';
import { joinWorker, type OwnReplica } from './own.ts';
import { comeIn } from './session.ts';

/** What the page shows. */
export type Entered =
  | { readonly state: 'coming' }
  | { readonly state: 'in'; readonly app: App }
  | { readonly state: 'out'; readonly said: string };

/** Who was logged in here, and whether this browser has a whole copy of the workspace. */
interface Remembered {
  readonly handle: string;
  readonly role: Role;
  readonly whole: boolean;
}

const place = 'coterie.member';

function remembered(): Remembered | undefined {
  try {
    return JSON.parse(localStorage.getItem(place) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

const remember = (member: Remembered): void => localStorage.setItem(place, JSON.stringify(member));

/** Forgets who was here, and what this browser keeps of the workspace. */
export async function forgetAll(own: OwnReplica | undefined): Promise<void> {
  localStorage.removeItem(place);
  await own?.forget().catch(() => undefined);
}

/** The worker of this browser, where it has any. */
function worker(): OwnReplica | undefined {
  try {
    return typeof SharedWorker === 'function' && typeof navigator.locks === 'object'
      ? joinWorker()
      : undefined;
  } catch {
    return undefined;
  }
}

/** By meaning the node finds: it has the model. While it is away words are what there is. */
function atNode<Q extends { readonly mode?: unknown }, A>(
  usual: string,
  node: (query: Q) => Promise<A>,
  own: (query: Q) => Promise<A>,
): (query: Q) => Promise<A> {
  return async (query) => {
    if ((query.mode ?? usual) === 'text') return own(query);
    return node(query).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'unreachable') return own(query);
      throw error;
    });
  };
}

/** The page's own replica for everything but what is of the node: who may dial it, and whom it dials. */
const doorOf = (own: Door, node: Client): Door => ({
  channels: own.channels,
  messages: own.messages,
  tasks: own.tasks,
  memory: own.memory,
  reservations: own.reservations,
  members: own.members,
  groups: own.groups,
  documents: own.documents,
  presence: own.presence,
  replicas: own.replicas,
  arbiter: own.arbiter,
  invites: { ...node.invites, list: own.invites.list },
  remotes: node.remotes,
  import: node.import,
  export: node.export,
  search: atNode('text', node.search, own.search),
  searchStream: own.searchStream,
  recall: atNode('hybrid', node.recall, own.recall),
  events: own.events,
  activity: own.activity,
  history: own.history,
  catchUp: own.catchUp,
  inbox: own.inbox,
  waiting: own.waiting,
  acknowledge: own.acknowledge,
  status: own.status,
});

/** Whether the replica can stand for the workspace: it has been whole once. */
function isWhole(state: ReplicaState, whole: boolean): boolean {
  return state.state === 'open' && (whole || state.link.synced);
}

/**
 * Comes into the workspace: by the session with the node, and by the copy that this browser keeps. What is shown changes
 * when the copy is whole, when another tab takes it over, and when there is neither.
 */
export function enter(): ReadonlySignal<Entered> {
  const own = worker();
  const ownState = signal<ReplicaState>(own?.state() ?? { state: 'absent' });
  own?.onState((state) => {
    ownState.value = state;
  });
  const entered = signal<Entered>({ state: 'coming' });
  const before = remembered();
  if (before && !location.hash.startsWith('#t=')) own?.open(before.handle, false);

  function through(
    door: Door,
    { handle, role }: Pick<Remembered, 'handle' | 'role'>,
    through: 'node' | 'own',
  ) {
    const now = entered.value;
    if (now.state === 'in' && now.app.through === through) return;
    if (now.state === 'in') now.app.live.close();
    entered.value = {
      state: 'in',
      app: { door, live: openLive(door), me: { handle, role }, through, replica: ownState, own },
    };
  }

  async function come(): Promise<void> {
    const session = await comeIn();
    if (session.state === 'out') {
      entered.value = session;
      return;
    }
    const member = session.state === 'in' ? session.speaker : before;
    if (!member) {
      entered.value = { state: 'out', said: 'The node does not answer.' };
      return;
    }
    const { handle, role } = member;
    let whole = before?.handle === handle && before.whole;
    remember({ handle, role, whole });
    const node = createClient({ url: location.origin, member: handle });
    own?.open(handle, session.state === 'in');
    effect(() => {
      const state = ownState.value;
      if (own && isWhole(state, whole)) {
        if (!whole) remember({ handle, role, whole: true });
        whole = true;
        through(doorOf(own.door, node), member, 'own');
      } else if (session.state === 'in' && state.state !== 'opening') through(node, member, 'node');
      else if (session.state === 'away' && (state.state === 'absent' || state.state === 'failed'))
        entered.value = { state: 'out', said: 'The node does not answer, and nothing is kept here.' };
    });
  }
  void come();
  addEventListener('online', () => own?.hurry());
  return entered;
}
