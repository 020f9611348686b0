import { CoterieError } from '../../schemas/index.ts';
import { isLoopback, type Outside } from '../http/outside.ts';
import { type Arrival, type Listening, listen } from '../http/server.ts';

/** Where a node listens. */
export interface Place {
  readonly host: string;
  readonly port: number;
  readonly outside: Outside | undefined;
  readonly arrival: Arrival | undefined;
  /** Between two looks at the files of its certificate, ms. */
  readonly look: number | undefined;
}

/** The doors of a node to the world: as a rule one, of this machine alone. */
export interface NodeListening extends Omit<Listening, 'bound'> {
  /** `http://127.0.0.1:4270`: for programs of this machine, never encrypted. */
  readonly local: string;
}

/** The port of a node when nobody says. */
export const defaultPort = 4270;

/** The usual port where it is free and not wanted for the other door, else any. */
async function listenHere(taken: number, arrival: Arrival | undefined): Promise<Listening> {
  if (taken === 0 || taken === defaultPort) return listen('127.0.0.1', 0, { arrival });
  try {
    return await listen('127.0.0.1', defaultPort, { arrival });
  } catch (error) {
    if (error instanceof CoterieError && error.code === 'port_busy')
      return listen('127.0.0.1', 0, { arrival });
    throw error;
  }
}

/**
 * Opens a node's port. One that other machines reach, or that speaks TLS, gets a second beside it for this machine: the
 * command line, hooks and other replicas go on to find the node where its run file says, whatever its certificate names.
 */
export async function listenAsNode({ host, port, outside, arrival, look }: Place): Promise<NodeListening> {
  const listening = await listen(host, port, { arrival, outside, look });
  if (isLoopback(host) && !outside?.tls) return { ...listening, local: listening.bound };
  const here = await listenHere(port, arrival).catch(async (error: unknown) => {
    await listening.cut();
    throw error;
  });
  return {
    port: listening.port,
    url: listening.url,
    local: here.bound,
    serve(app, log, upgrade, gate) {
      listening.serve(app, log, upgrade, gate);
      here.serve(app, log, upgrade, gate);
    },
    async drain(milliseconds) {
      await Promise.all([listening.drain(milliseconds), here.drain(milliseconds)]);
    },
    async cut() {
      await Promise.all([listening.cut(), here.cut()]);
    },
  };
}
