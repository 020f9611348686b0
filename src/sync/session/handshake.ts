import { closeCodes, muxProtocol } from '../../../schemas/protocol.ts';
import { toBase64url, utf8 } from '../../op/index.ts';
import type { ControlMessage } from '../wire.ts';
import type { Core } from './core.ts';

/** A peer that has not proven itself after this long is dropped, ms. */
const patience = 15_000;

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

/**
 * Hello, proof and admission, in both directions at once. `admitted` is called when the peer is a replica of this
 * workspace; whether it admits this side shows in its root, which it sends then.
 */
export function createHandshake(core: Core, admitted: (publicKey: string) => void) {
  const { source, options } = core;
  const { role } = options;
  const binding = options.transport.binding ?? '';
  const own = options.random(32);
  let theirs: Hello | undefined;
  let step: 'hello' | 'prove' | 'judging' | 'asked' | 'admitted' = 'hello';
  let answered = false;

  core.later(patience, () => {
    if (core.state.phase === 'greeting' || core.state.phase === 'proving')
      core.close(closeCodes.silent, 'no proof in time');
  });

  const outOfTurn = (message: ControlMessage): void =>
    core.close(closeCodes.malformed, `${message.type} out of turn`);

  async function onHello(hello: Hello): Promise<void> {
    const { versions, workspace, publicKey } = hello;
    if (!muxProtocol.versions.some((version) => versions.includes(version)))
      return core.close(closeCodes.version, `no version in common: ${muxProtocol.versions.join(', ')} here`);
    if (workspace !== source.workspace) return core.close(closeCodes.workspace, 'another workspace');
    if (options.expect !== undefined && options.expect !== publicKey)
      return core.close(closeCodes.unproven, 'another key than the address names');
    core.state = { phase: 'proving', publicKey };
    const sig = await source.sign(
      proofText({
        role,
        workspace,
        binding,
        theirRandom: hello.random,
        ownRandom: own,
        theirKey: publicKey,
        ownKey: source.publicKey,
      }),
    );
    core.send({ type: 'prove', sig });
  }

  async function onProve({ publicKey, random, workspace }: Hello, sig: string): Promise<void> {
    const text = proofText({
      role: role === 'dial' ? 'listen' : 'dial',
      workspace,
      binding,
      theirRandom: own,
      ownRandom: random,
      theirKey: source.publicKey,
      ownKey: publicKey,
    });
    if (!(await source.verify(publicKey, text, sig)))
      return core.close(closeCodes.unproven, 'the signature does not hold');
    if (publicKey === source.publicKey && options.isOwn?.(random) === true)
      return core.close(closeCodes.self, 'this replica itself');
    // Who is known by its key need not send what admits it.
    await judge(publicKey, []);
  }

  async function judge(publicKey: string, credentials: readonly string[]): Promise<void> {
    const verdict = await source.admit(publicKey, credentials);
    if (!core.alive()) return;
    if (verdict === 'self') return core.close(closeCodes.self, 'the key of this replica: a copied directory');
    if (verdict === 'admitted') {
      step = 'admitted';
      admitted(publicKey);
    } else if (step === 'asked') core.close(closeCodes.stranger, 'no replica of this workspace');
    else {
      step = 'asked';
      core.send({ type: 'ask' });
    }
  }

  return {
    random: own,
    /** Proven, perhaps not judged yet: its root may come. */
    proven: (): boolean => step !== 'hello' && step !== 'prove',
    start(): void {
      core.send({
        type: 'hello',
        versions: muxProtocol.versions,
        workspace: source.workspace,
        publicKey: source.publicKey,
        random: own,
        capabilities: [],
      });
    },
    receive(message: Extract<ControlMessage, { type: 'hello' | 'prove' | 'ask' | 'credentials' }>): void {
      if (message.type === 'hello' && step === 'hello') {
        step = 'prove';
        theirs = message;
        void core.work(() => onHello(message));
      } else if (message.type === 'prove' && step === 'prove' && theirs) {
        step = 'judging';
        const hello = theirs;
        void core.work(() => onProve(hello, message.sig));
      } else if (message.type === 'ask' && theirs && !answered) {
        answered = true;
        void core.work(async () => core.send({ type: 'credentials', entries: await source.credentials() }));
      } else if (message.type === 'credentials' && step === 'asked' && theirs) {
        const { publicKey } = theirs;
        void core.work(() => judge(publicKey, message.entries));
      } else outOfTurn(message);
    },
  };
}

export type Handshake = ReturnType<typeof createHandshake>;
