import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CoterieError, type RelayInfo } from '../../schemas/index.ts';
import { sealedProtocol } from '../../schemas/sealed.ts';
import { nodeCrypto } from '../../src/keys/node.ts';
import { version } from '../../src/replica/version.ts';
import { openMachineKey } from '../../src/replica/workspace/machine-key.ts';
import { type MailboxLimits, openMailboxes } from '../../src/seal/mailbox/index.ts';
import { makeDirectories } from '../../src/storage/make-directories.ts';
import { StorageError } from '../../src/storage/port.ts';
import { type Durability, type LevelStore, openLevelStore } from '../../src/storage/store/level.ts';
import { openSecret } from '../hosted/secrets.ts';
import type { RateLimit } from '../http/allowance.ts';
import { openMetrics } from '../http/metrics.ts';
import type { Outside } from '../http/outside.ts';
import { createOwnApp } from '../http/own.ts';
import { listen } from '../http/server.ts';
import { type Log, openLog } from '../node/log.ts';
import { sealedSamples } from './metrics.ts';
import { openPackages } from './packages.ts';
import { sealedRoutes } from './routes.ts';
import { openSealedSockets, proofsFor } from './sockets.ts';

export interface SealedRelayOptions {
  /** Where its key, its codes and all mailboxes lie; made when absent. */
  readonly directory: string;
  /** 4281 unless said; 0 takes any free one. */
  readonly port?: number | undefined;
  readonly host?: string | undefined;
  /** How other machines reach it: with a certificate, or through a proxy that has one. */
  readonly outside?: Outside | undefined;
  /** Anybody may make a mailbox, without the enrolment code. */
  readonly open?: boolean | undefined;
  /** Bounds of each mailbox, where the usual ones do not fit. */
  readonly limits?: Partial<MailboxLimits> | undefined;
  /** Sockets at most. */
  readonly sockets?: number | undefined;
  readonly durability?: Durability | undefined;
  /** How often one address may ask for packages and admissions. */
  readonly rate?: RateLimit | undefined;
  readonly log?: Log | undefined;
  readonly now?: (() => number) | undefined;
}

/** A running sealed relay. */
export interface SealedRelay {
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** Its listening key. */
  readonly key: string;
  /** Lets who has it make a mailbox. */
  readonly code: string;
  /** File that holds the token of the operator. */
  readonly operator: string;
  /** Sends everybody away, stores what came, lets the directory go. Calling it again waits for the same end. */
  close(): Promise<void>;
}

/** The port of a sealed relay when nobody says. */
export const sealedRelayPort = 4281;

const usualSockets = 8_000;
const usualRate: RateLimit = { requests: 600, seconds: 60 };
/** Requests under way get this long for their answers, ms. */
const grace = 500;
/** Between two looks at sessions, at sockets, and at packages, ms. */
const tick = 250;
const sweep = 20_000;
const forget = 3_600_000;

async function openStore(directory: string, durability: Durability): Promise<LevelStore> {
  if (existsSync(join(directory, 'coterie.json')))
    throw new CoterieError('directory_unreadable', `${directory} holds a workspace, not a sealed relay.`, {
      hint: 'Give the relay a directory of its own with --data.',
    });
  try {
    makeDirectories(directory, 0o700);
    return await openLevelStore({ directory: join(directory, 'mailboxes'), durability });
  } catch (error) {
    if (error instanceof StorageError) throw new CoterieError(error.code, error.message, { cause: error });
    throw new CoterieError('directory_unreadable', `${directory} cannot be used.`, { cause: error });
  }
}

/** Does something now and then until the result is called. */
function every(milliseconds: number, work: () => void): () => void {
  const timer = setInterval(work, milliseconds);
  timer.unref();
  return () => clearInterval(timer);
}

/**
 * Starts a relay that keeps what it can't read: mailboxes of encrypted records. Its key, the enrolment code and the
 * operator's token lie in its directory. Rejects with `directory_unreadable`, `directory_locked` and `port_busy`.
 */
export async function startSealedRelay(options: SealedRelayOptions): Promise<SealedRelay> {
  const { port = sealedRelayPort, host = '127.0.0.1', open = false, now = Date.now } = options;
  const log = options.log ?? openLog();
  const directory = resolve(options.directory);
  const store = await openStore(directory, options.durability ?? 'sync');
  try {
    return await serve(store);
  } catch (error) {
    await store.close();
    throw error;
  }

  async function serve(store: LevelStore): Promise<SealedRelay> {
    const signer = await openMachineKey(directory);
    const code = openSecret(directory, 'enrolment.code');
    const operator = openSecret(directory, 'operator.token');
    const packages = await openPackages({ store, now });
    const listening = await listen(host, port, { outside: options.outside });
    const { publicKey: key } = signer;
    const prove = proofsFor(key, now);
    const onTrouble = (error: unknown): void => log.error({ err: error }, 'a mailbox failed');
    const mailboxes = openMailboxes({
      ...{ store, signer, now, prove, onTrouble },
      crypto: nodeCrypto,
      random: randomBytes,
      limits: options.limits,
      mayCreate: (given) => open || code.is(given),
    });
    const sockets = openSealedSockets({ mailboxes, prove, sockets: options.sockets ?? usualSockets });
    const metrics = openMetrics();
    metrics.include(() => sealedSamples(mailboxes));
    const relay: RelayInfo = { mode: 'sealed', key, protocols: [...sealedProtocol.versions], version };
    const node = randomBytes(16).toString('base64url');
    const isOperator = (token: string | undefined): boolean => operator.is(token);
    const rate = options.rate ?? usualRate;
    const routes = sealedRoutes({ relay, node, mailboxes, packages, prove, metrics, isOperator, rate });
    listening.serve(createOwnApp(routes, { log, metrics }), log, sockets.upgrade);
    const stops = [
      every(tick, mailboxes.tick),
      every(sweep, sockets.sweep),
      every(forget, () => void packages.sweep().catch(onTrouble)),
    ];
    log.info({ url: listening.url, directory }, 'the relay listens');

    let closing: Promise<void> | undefined;
    async function close(): Promise<void> {
      sockets.close();
      for (const stop of stops) stop();
      const drained = listening.drain(grace);
      await mailboxes.close();
      await drained;
      await listening.cut();
      metrics.close();
      await store.close();
    }
    return {
      url: listening.url,
      port: listening.port,
      directory,
      key,
      code: code.value,
      operator: operator.file,
      close() {
        closing ??= close();
        return closing;
      },
    };
  }
}
