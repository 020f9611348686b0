import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import { toBase64url, utf8 } from '../../op/index.ts';
import type { SyncSource } from '../port.ts';
import type { ControlMessage } from '../wire.ts';
import type { Core } from './core.ts';

/** A peer that has not proven itself after this long is dropped, ms. */
const patience = 15_000;

/** What this side takes beside what every peer does. */
const capabilitiesOf = ({ statements, heads }: SyncSource): readonly string[] =>
  muxProtocol.capabilities.filter((name) => (name === 'heads' ? heads : statements) !== undefined);

/** What of the random bytes of a hello names the opening. */
export const openingBytes = 8;

type Hello = Extract<ControlMessage, { type: 'hello' }>;

/** What a side signs: SYN-6. `binding` ties it to the connection, both keys to the two who talk. */
export function proofText(of: {
  readonly role: 'dial' | 'listen';
  readonly workspace: string;
  readonly binding: string;
  readonly theirRandom: Uint8Array;
  readonly ownRandom: Uint8Array;
  readonly theirKey: string;
  readonly ownKey: string;
}): Uint8Array {
  const lines = [
    'coterie mux 1',
    of.role,
    of.workspace,
    of.binding,
    toBase64url(of.theirRandom),
    toBase64url(of.ownRandom),
    of.theirKey,
    of.ownKey,
  ];
  return utf8(lines.join('\n'));
}

/** How far two sides have met. */
export interface Meeting {
  step: 'hello' | 'prove' | 'judging' | 'asked' | 'admitted';
  theirs: Hello | undefined;
  /** Ends when this side's proof was sent: its root must not overtake it. */
  signed: Promise<void> | undefined;
  /** Credentials were given. */
  answered: boolean;
  rootCame: boolean;
  rootSent: boolean;
}

/**
 * Hello, proof and admission, in both directions at once. `admitted` is called when the peer is a replica of this
 * workspace; whether it admits this side shows in its root, which it sends then.
 */
export function createHandshake(admitted: (core: Core, publicKey: string) => void) {
  const bindingOf = ({ options }: Core): string => options.transport.binding ?? '';

  async function onHello(core: Core, hello: Hello, own: Uint8Array): Promise<void> {
    const { source, options } = core;
    const { versions, workspace, publicKey, random, capabilities } = hello;
    if (!muxProtocol.versions.some((version) => versions.includes(version)))
      return core.close(closeCodes.version, `no version in common: ${muxProtocol.versions.join(', ')} here`);
    if (workspace !== source.workspace) return core.close(closeCodes.workspace, 'another workspace');
    if (options.expect !== undefined && options.expect !== publicKey)
      return core.close(closeCodes.unproven, 'another key than the address names');
    core.state = { phase: 'proving', publicKey };
    core.peer = { publicKey, opening: toBase64url(random.subarray(0, openingBytes)) };
    core.takesPresence = capabilities.includes('presence');
    core.takesHeads = capabilities.includes('heads');
    const sig = await source.sign(
      proofText({
        role: options.role,
        workspace,
        binding: bindingOf(core),
        theirRandom: hello.random,
        ownRandom: own,
        theirKey: publicKey,
        ownKey: source.publicKey,
      }),
    );
    core.send({ type: 'prove', sig });
  }

  async function onProve(
    core: Core,
    meeting: Meeting,
    hello: Hello,
    own: Uint8Array,
    sig: string,
  ): Promise<void> {
    const { source, options } = core;
    const { publicKey, random, workspace } = hello;
    const text = proofText({
      role: options.role === 'dial' ? 'listen' : 'dial',
      workspace,
      binding: bindingOf(core),
      theirRandom: own,
      ownRandom: random,
      theirKey: source.publicKey,
      ownKey: publicKey,
    });
    if (!(await source.verify(publicKey, text, sig)))
      return core.close(closeCodes.unproven, 'the signature does not hold');
    if (publicKey === source.publicKey && options.isOwn?.(random) === true)
      return core.close(closeCodes.self, 'this replica itself');
    await meeting.signed;
    // Who is known by its key need not send what admits it.
    await judge(core, meeting, publicKey, []);
  }

  async function judge(
    core: Core,
    meeting: Meeting,
    publicKey: string,
    credentials: readonly string[],
  ): Promise<void> {
    const verdict = await core.source.admit(publicKey, credentials);
    if (!core.alive()) return;
    if (verdict === 'self') return core.close(closeCodes.self, 'the key of this replica: a copied directory');
    if (verdict === 'admitted') {
      meeting.step = 'admitted';
      admitted(core, publicKey);
    } else if (meeting.step === 'asked') core.close(closeCodes.stranger, 'no replica of this workspace');
    else {
      meeting.step = 'asked';
      core.send({ type: 'ask' });
    }
  }

  return {
    start(core: Core, own: Uint8Array): void {
      core.meeting = {
        step: 'hello',
        theirs: undefined,
        signed: undefined,
        answered: false,
        rootCame: false,
        rootSent: false,
      };
      core.later(patience, () => {
        if (core.meeting) core.close(closeCodes.silent, 'no proof in time');
      });
      core.send({
        type: 'hello',
        versions: muxProtocol.versions,
        workspace: core.source.workspace,
        publicKey: core.source.publicKey,
        random: own,
        capabilities: capabilitiesOf(core.source),
      });
    },

    receive(
      core: Core,
      own: Uint8Array,
      message: Extract<ControlMessage, { type: 'hello' | 'prove' | 'ask' | 'credentials' }>,
    ): void {
      const { meeting } = core;
      const { step, theirs } = meeting ?? {};
      if (meeting && message.type === 'hello' && step === 'hello') {
        meeting.step = 'prove';
        meeting.theirs = message;
        meeting.signed = core.work(() => onHello(core, message, own));
      } else if (meeting && theirs && message.type === 'prove' && step === 'prove') {
        meeting.step = 'judging';
        void core.work(() => onProve(core, meeting, theirs, own, message.sig));
      } else if (meeting && theirs && message.type === 'ask' && !meeting.answered) {
        meeting.answered = true;
        void core.work(async () =>
          core.send({ type: 'credentials', entries: await core.source.credentials() }),
        );
      } else if (meeting && theirs && message.type === 'credentials' && step === 'asked')
        void core.work(() => judge(core, meeting, theirs.publicKey, message.entries));
      else core.outOfTurn(message.type);
    },

    /** A root may come: the peer has proven itself, and is perhaps not judged yet. False when one came already. */
    takesRoot({ meeting }: Core): boolean {
      if (!meeting || meeting.rootCame || meeting.step === 'hello' || meeting.step === 'prove') return false;
      meeting.rootCame = true;
      return true;
    },
  };
}

export type Handshake = ReturnType<typeof createHandshake>;
