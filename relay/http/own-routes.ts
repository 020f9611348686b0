import type { IncomingMessage } from 'node:http';
import { CoterieError, type RelayInfo } from '../../schemas/index.ts';
import { expectNoBody } from './input.ts';
import type { OwnRoute } from './own.ts';

export interface OwnRoutesOptions {
  readonly relay: RelayInfo;
  /** Random, new for each start. */
  readonly node: string;
  /** Whether a token is that of the operator. */
  readonly isOperator: (token: string | undefined) => boolean;
  /** Prometheus text. */
  readonly measured: () => string | Promise<string>;
}

const bearer = /^Bearer +(\S{1,4096})$/i;

/** What a request carries to show who makes it. */
export const tokenOf = (incoming: IncomingMessage): string | undefined =>
  bearer.exec(incoming.headers.authorization ?? '')?.[1];

/** Lets nobody pass but the operator of the relay. Throws `unauthorized`. */
export function refuseStrangers(incoming: IncomingMessage, isOperator: OwnRoutesOptions['isOperator']): void {
  if (isOperator(tokenOf(incoming))) return;
  throw new CoterieError('unauthorized', 'This is for the operator of the relay alone.', {
    hint: 'Its token lies in operator.token, in the directory of the relay.',
  });
}

/** What every relay says of itself: who it is, that it is well, and its counters to its operator. */
export function routesOfRelay({ relay, node, isOperator, measured }: OwnRoutesOptions): readonly OwnRoute[] {
  return [
    {
      method: 'GET',
      path: '/v1/relay',
      run: async ({ incoming }) => {
        expectNoBody(incoming);
        return relay;
      },
    },
    { method: 'GET', path: '/healthz', run: async () => ({ ok: true, node }) },
    {
      method: 'GET',
      path: '/version',
      run: async () => ({ name: 'coterie', version: relay.version, api: 'v1' }),
    },
    {
      method: 'GET',
      path: '/metrics',
      type: 'text/plain; version=0.0.4; charset=utf-8',
      async run({ incoming }) {
        refuseStrangers(incoming, isOperator);
        return measured();
      },
    },
  ];
}
