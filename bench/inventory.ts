import { openReplica } from '../src/index.ts';
import type { MemberInput } from './child/member.ts';
import type { Listening } from './child/node.ts';
import { type Child, startChild } from './support/child.ts';
import { allEqual, askMember } from './support/members.ts';
import { type Asked, type Result, result, say } from './support/report.ts';
import { inParallel } from './support/steps.ts';
import type { Traffic } from './support/traffic.ts';
import { besidePlace, emptyPlace, type Place } from './support/workspace.ts';

const defaultSize = 3000;

/** A channel is a log, and one message makes its first segment. */
async function fill(place: Place, segments: number): Promise<void> {
  const replica = await openReplica({
    directory: place.data,
    config: place.config,
    as: 'kai',
    durability: 'os',
  });
  const numbers = Array.from({ length: segments }, (_, i) => i).values();
  await inParallel(numbers, 32, async (i) => {
    await replica.channels.create({ name: `room-${i}` });
    await replica.messages.post(`room-${i}`, { text: 'First.' });
  });
  await replica.close();
}

/** A member that comes, waits until it and the node are equal, and goes; resolves with what its link carried. */
async function visit(node: Child & { ready: Listening }, place: Place): Promise<Traffic> {
  const input: MemberInput = { ...place, as: 'mira', upstream: node.ready.url };
  const member = await startChild('member', input);
  await allEqual(node, [member]);
  const traffic = await askMember<Traffic>(member, { what: 'traffic' });
  await member.end();
  return traffic;
}

/** What two replicas exchange that meet again and have the same: segments in thousands, each in a log of its own. */
export async function inventory(asked: Asked): Promise<Result[]> {
  const segments = asked.size ?? defaultSize;
  const home = emptyPlace();
  const beside: Place[] = [];
  try {
    await fill(home, segments);
    const node = await startChild<Listening>('node', { ...home, as: 'kai' });
    try {
      const place = besidePlace(home);
      beside.push(place);
      const first = await visit(node, place);
      say(`${((first.received + first.sent) / 1e6).toFixed(1)} MB until both had ${segments} segments`);
      const runs: Traffic[] = [];
      for (let round = 0; round < asked.pairs; round++) runs.push(await visit(node, place));
      const received = runs.map((run) => run.received);
      const sent = runs.map((run) => run.sent);
      const both = runs.map((run) => run.received + run.sent);
      return [
        result(`${segments} equal segments, both ways`, 'bytes', both, { most: 1023 }),
        result('  from who listens', 'bytes', received),
        result('  from who dials', 'bytes', sent),
      ];
    } finally {
      await node.end();
    }
  } finally {
    for (const place of [home, ...beside]) place.remove();
  }
}
