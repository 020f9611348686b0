import { toBase64url } from '../../src/op/index.ts';
import { proofText } from '../../src/sync/session/handshake.ts';
import {
  createSession,
  type Session,
  type SessionEvent,
  type SessionOptions,
} from '../../src/sync/session.ts';
import {
  type ControlMessage,
  type DocumentMessage,
  decodeFrame,
  encodeControl,
  encodeDocument,
  type Frame,
} from '../../src/sync/wire.ts';
import { createClock, type VirtualClock } from '../simulation/clock.ts';
import { createMemorySource, type MemorySource } from '../support/sync-source.ts';

/** A session under test, and a peer that says what it is told to: frame by frame, right or wrong. */
export interface Peer {
  readonly clock: VirtualClock;
  readonly source: MemorySource;
  /** Whose key the peer has. */
  readonly own: MemorySource;
  readonly session: Session;
  readonly events: SessionEvent[];
  /** What the session said. */
  readonly heard: Frame[];
  /** The transport: bytes that it pretends to hold, how the session closed it, whether it was paused. */
  readonly wire: { buffered: number; closed: { code: number; reason: string } | undefined; paused: boolean };
  readonly closed: { code: number; reason: string } | undefined;
  say(message: ControlMessage): Promise<void>;
  sayOf(alias: number, message: DocumentMessage): Promise<void>;
  raw(frame: Uint8Array): Promise<void>;
  hello(change?: Partial<Extract<ControlMessage, { type: 'hello' }>>): Promise<void>;
  prove(change?: Partial<Parameters<typeof proofText>[0]>): Promise<void>;
  /** Everything up to the roots, which are equal when both sources are empty. */
  meet(): Promise<void>;
  control<T extends ControlMessage['type']>(type: T): Extract<ControlMessage, { type: T }>[];
  document<T extends DocumentMessage['type']>(type: T): Extract<DocumentMessage, { type: T }>[];
}

const random = new Uint8Array(32).fill(5);

export function openPeer(
  options: { role?: 'dial' | 'listen'; keySeed?: Uint8Array } & Partial<SessionOptions> = {},
): Peer {
  const clock = createClock(7);
  const { keySeed, role = 'listen', ...more } = options;
  const source = createMemorySource({ name: 'here', ...clock });
  const own = createMemorySource({ name: 'peer', ...clock, ...(keySeed ? { keySeed } : {}) });
  const events: SessionEvent[] = [];
  const heard: Frame[] = [];
  const settle = (): Promise<void> => clock.run(0);

  const wire: Peer['wire'] = { buffered: 0, closed: undefined, paused: false };

  const session = createSession({
    id: 1,
    role,
    source,
    timer: clock.timer,
    now: clock.now,
    random: clock.random,
    slice: (update) => [update],
    onEvent: (event) => void events.push(event),
    transport: {
      send: (frame) => void heard.push(decodeFrame(frame)),
      buffered: () => wire.buffered,
      close: (code, reason) => {
        wire.closed = { code, reason };
      },
      pause: () => {
        wire.paused = true;
      },
      resume: () => {
        wire.paused = false;
      },
    },
    ...more,
  });
  source.onUpdate((update) => session.update(update));

  const peer: Peer = {
    clock,
    source,
    own,
    session,
    events,
    heard,
    wire,
    get closed() {
      return wire.closed;
    },
    async raw(frame) {
      session.receive(frame);
      await settle();
    },
    say: (message) => peer.raw(encodeControl(message)),
    sayOf: (alias, message) => peer.raw(encodeDocument(alias, message)),
    hello: (change = {}) =>
      peer.say({
        type: 'hello',
        versions: [1],
        workspace: source.workspace,
        publicKey: own.publicKey,
        random,
        capabilities: ['unheard-of'],
        ...change,
      }),
    async prove(change = {}) {
      const text = proofText({
        role: role === 'dial' ? 'listen' : 'dial',
        workspace: source.workspace,
        binding: '',
        theirRandom: session.hello,
        ownRandom: random,
        theirKey: source.publicKey,
        ownKey: own.publicKey,
        ...change,
      });
      await peer.say({ type: 'prove', sig: await own.sign(text) });
    },
    async meet() {
      await peer.hello();
      await peer.prove();
      await peer.say({ type: 'root', ...(await own.root()) });
    },
    control: (type) =>
      heard.flatMap((frame) =>
        frame.kind === 'control' && frame.message.type === type ? [frame.message as never] : [],
      ),
    document: (type) =>
      heard.flatMap((frame) =>
        frame.kind === 'document' && frame.message.type === type ? [frame.message as never] : [],
      ),
  };
  return peer;
}

/** A signature of the right form that nobody made. */
export const forged = toBase64url(new Uint8Array(64).fill(1));
