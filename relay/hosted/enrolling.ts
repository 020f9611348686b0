import {
  type Admission,
  AdmissionRequest,
  CoterieError,
  type Hosted,
  type HostingAdmission,
  type HostingOffer,
  type HostingRequest,
} from '../../schemas/index.ts';
import type { Transport } from '../../src/client/transport.ts';
import type { Workspaces } from './workspaces.ts';

export interface EnrollingOptions {
  readonly workspaces: Pick<Workspaces, 'has' | 'adopt'>;
  /** Whether a code lets a workspace in. */
  readonly mayEnrol: (code: string | undefined) => boolean;
  readonly timer: (task: () => void, ms: number) => () => void;
}

/** Workspaces that come in, each in two requests: its keys are offered, and its admission is brought. */
export interface Enrolling {
  /** Rejects with `unauthorized`, `exists`, `invalid`, `busy`. */
  offer(request: HostingRequest): Promise<HostingOffer>;
  /** Throws `not_found` where no admission is waited for: what is large need not be read then. */
  expect(workspace: string): void;
  /** Rejects with `not_found` for what was not offered, and as the opening of the replica does. */
  admit(workspace: string, given: HostingAdmission): Promise<Hosted>;
}

/** How long an admission may take to be brought, ms. */
const patience = 30_000;
/** Workspaces that may come in at a time. */
const most = 16;

interface Pending {
  readonly request: Promise<AdmissionRequest>;
  readonly done: Promise<void>;
  nonce: string | undefined;
  answer(admission: Admission): void;
}

interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

function deferred<T>(): Deferred<T> {
  const parts: { resolve?: (value: T) => void; reject?: (error: unknown) => void } = {};
  const promise = new Promise<T>((resolve, reject) => Object.assign(parts, { resolve, reject }));
  promise.catch(() => undefined);
  return { promise, resolve: (value) => parts.resolve?.(value), reject: (error) => parts.reject?.(error) };
}

/** The replica asks its countersigner, as any that joins: who asked for it carries question and answer. */
function carried(
  timer: EnrollingOptions['timer'],
): Omit<Pending, 'done'> & { readonly transport: Transport } {
  const asked = deferred<AdmissionRequest>();
  const answered = deferred<Admission>();
  const carrier = {
    request: asked.promise,
    nonce: undefined as string | undefined,
    answer: answered.resolve,
    transport: (async ({ body = '' }) => {
      const request = AdmissionRequest.parse(JSON.parse(body)) as AdmissionRequest;
      carrier.nonce = request.nonce;
      asked.resolve(request);
      const cancel = timer(
        () => answered.reject(new CoterieError('unreachable', 'The admission was not brought in time.')),
        patience,
      );
      const admission = await answered.promise.finally(cancel);
      const text = JSON.stringify(admission);
      return {
        status: 200,
        text: async () => text,
        async *chunks() {
          yield text;
        },
      };
    }) satisfies Transport,
  };
  return carrier;
}

const unasked = (): CoterieError =>
  new CoterieError('not_found', 'This relay waits for no such admission.', {
    hint: 'Begin again with: coterie remote add URL#CODE',
  });

export function openEnrolling({ workspaces, mayEnrol, timer }: EnrollingOptions): Enrolling {
  const pending = new Map<string, Pending>();
  return {
    async offer(request) {
      const { workspace } = request;
      if (!mayEnrol(request.code))
        throw new CoterieError('unauthorized', 'This relay takes a workspace by its enrolment code alone.', {
          hint: 'Its operator has it: coterie remote add URL#CODE',
        });
      if (workspaces.has(workspace) || pending.has(workspace))
        throw new CoterieError('exists', 'This relay hosts the workspace already, or is about to.');
      if (pending.size >= most) throw new CoterieError('busy', 'Too many workspaces come in just now.');
      const carrier = carried(timer);
      const done = workspaces.adopt(request, carrier.transport);
      const one: Pending = Object.assign(carrier, { done });
      pending.set(workspace, one);
      done.catch(() => undefined).finally(() => pending.delete(workspace));
      // It may fail before it asks.
      const failed = done.then(() => {
        throw new CoterieError('internal', 'a replica came in without being admitted');
      });
      return { admission: await Promise.race([one.request, failed]) };
    },
    expect(workspace) {
      if (!pending.has(workspace)) throw unasked();
    },
    async admit(workspace, { nonce, admission }) {
      const one = pending.get(workspace);
      if (one?.nonce === undefined || one.nonce !== nonce) throw unasked();
      one.answer(admission as Admission);
      await one.done;
      return { workspace, hosted: true };
    },
  };
}
