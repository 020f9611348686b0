import { comeBack, firstSyncs, type Returned } from './support/comers.ts';
import { installPeers } from './support/peers.ts';
import { type Asked, type Result, ratio, result, say } from './support/report.ts';
import {
  type Dialect,
  hocuspocus,
  type Load,
  ours,
  plain,
  type Saturated,
  saturate,
} from './support/saturate.ts';
import { type Server, startFreshRelay, startHocuspocus, startPlainServer } from './support/servers.ts';

const load: Load = { clients: 50, seconds: 5, warming: 1, window: 64 };
const returning = 200;

interface Contender {
  readonly name: string;
  readonly dialect: Dialect;
  readonly start: () => Promise<Server>;
  readonly runs: Saturated[];
}

const own = (): Contender => ({ name: 'the open relay', dialect: ours, start: startFreshRelay, runs: [] });

/** The others, if there is a place for them. */
function others({ peers }: Asked): Contender[] {
  if (peers === undefined) {
    say('without --peers there is nothing to compare with');
    return [];
  }
  const versions = installPeers(peers);
  return [
    {
      name: `Hocuspocus ${versions['@hocuspocus/server']}`,
      dialect: hocuspocus,
      start: () => startHocuspocus(peers),
      runs: [],
    },
    {
      name: `@y/websocket-server ${versions['@y/websocket-server']}`,
      dialect: plain,
      start: () => startPlainServer(peers),
      runs: [],
    },
  ];
}

/** All in turn, each round in the other order than the one before. */
async function contend(contenders: readonly Contender[], rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const turns = round % 2 === 0 ? contenders : contenders.toReversed();
    for (const { dialect, start, runs } of turns) {
      const server = await start();
      try {
        runs.push(await saturate(server, dialect, load));
      } finally {
        await server.end();
      }
    }
  }
}

const figures = ({ name, runs }: Contender): Result[] => {
  const of = (figure: keyof Saturated): number[] => runs.map((run) => run[figure]);
  return [
    result(`deliveries, ${name}`, '/s', of('deliveries')),
    result('  updates acknowledged', '/s', of('acknowledged')),
    result('  cores that the server took', '', of('server')),
    result('  cores that the clients took', '', of('client')),
  ];
};

/**
 * The open relay beside other servers, which keep documents in memory: 50 clients on one document who all write and read
 * as fast as they can. Then what those get who come, and send who come back.
 */
export async function relay(asked: Asked): Promise<Result[]> {
  const us = own();
  const them = others(asked);
  await contend([us, ...them], asked.pairs);
  const deliveries = ({ runs }: Contender): number[] => runs.map((run) => run.deliveries);
  const came = await firstSyncs(returning);
  const back: Returned[] = [];
  for (let round = 0; round < asked.pairs; round++) back.push(await comeBack(returning));
  const of = (figure: keyof Returned): number[] => back.map((run) => run[figure]);
  return [
    ...[us, ...them].flatMap(figures),
    ...them.map((one, i) =>
      ratio(`ours to ${one.name}`, deliveries(us), deliveries(one), i === 0 ? { least: 1 } : undefined),
    ),
    result(`first answers not whole, ${returning} at once, room loaded`, '', [came.loaded.lacking], {
      most: 0,
    }),
    result('first answers not whole, room not loaded', '', [came.unloaded.lacking], { most: 0 }),
    result(`updates from ${returning} who come back with everything`, '', of('uploads'), { most: 0 }),
    result('  commits at the relay', '', of('commits'), { most: 0 }),
    result('  bytes of all their messages', 'bytes', of('sent')),
    result('  bytes of all messages to them', 'bytes', of('received')),
  ];
}
