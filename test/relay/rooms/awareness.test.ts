import { describe, expect, it } from 'vitest';
import { awarenessLimits, openPresence } from '../../../relay/rooms/room/awareness.ts';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { peer, turns, world } from './fakes.ts';

const say = (...entries: [client: number, clock: number, state: unknown][]): Uint8Array =>
  wire.writeAwareness(
    entries.map(([client, clock, state]) => ({ client, clock, state: JSON.stringify(state) })),
  );

function speaker() {
  const probes = { count: 0 };
  return {
    probes,
    probe() {
      probes.count += 1;
    },
  };
}

const read = (entries: readonly wire.AwarenessEntry[]) =>
  entries.map(({ client, clock, state }) => [client, clock, state]);

describe('presence', () => {
  it('RLY-9: is told to everybody, to newcomers too, and ends with the socket', async () => {
    const { join } = world();
    const one = await join(peer());
    const two = await join(peer());
    one.say(wire.awareness(say([1, 1, { name: 'kai' }])));
    await turns();
    expect(two.present.get(1)).toEqual({ clock: 1, state: '{"name":"kai"}' });
    const late = await join(peer());
    expect(late.present.get(1)).toEqual({ clock: 1, state: '{"name":"kai"}' });
    one.events.closed(1006, '');
    await turns();
    expect(two.present.get(1)).toEqual({ clock: 1, state: 'null' });
  });

  it('RLY-7: who reads too slowly is told the newest state of each client, when it has drained', async () => {
    const { join } = world({ buffered: 1_000 });
    const one = await join(peer());
    const other = await join(peer());
    const slow = await join(peer());
    other.say(wire.awareness(say([2, 1, { name: 'zoe' }])));
    await turns();
    slow.buffered = 1_001;
    const before = slow.messages.length;
    for (let clock = 1; clock <= 50; clock += 1) {
      one.say(wire.awareness(say([1, clock, { clock }])));
      slow.say(Uint8Array.of(3));
      await turns(1);
    }
    other.events.closed(1000, '');
    await turns();
    expect(slow.messages.length).toBe(before);
    slow.buffered = 0;
    slow.events.drained();
    await turns();
    expect(slow.messages.length).toBe(before + 1);
    expect(slow.present.get(1)).toEqual({ clock: 50, state: '{"clock":50}' });
    expect(slow.present.get(2)?.state).toBe('null');
    one.say(wire.awareness(say([1, 51, { clock: 51 }])));
    await turns();
    expect(slow.present.get(1)?.clock).toBe(51);
  });

  it('RLY-7: who misses news of more clients than a room may have had is cut off', async () => {
    const { join } = world({ buffered: 1_000 });
    const one = await join(peer());
    const slow = await join(peer());
    const quick = await join(peer());
    slow.buffered = 1_001;
    for (let client = 0; client <= 2 * awarenessLimits.room; client += 1) {
      one.say(wire.awareness(say([client, 1, {}])));
      one.say(wire.awareness(say([client, 2, null])));
      if (client % 1_000 === 0) await turns(1);
    }
    expect(slow.state.cut).toBe(false);
    await turns();
    expect([slow.state.cut, quick.state.cut]).toEqual([true, false]);
  });

  it('RLY-9: a socket changes nothing of a client that another one speaks for', () => {
    const presence = openPresence();
    const owner = speaker();
    const spoofer = speaker();
    presence.take(owner, say([1, 1, { name: 'kai' }]));
    presence.take(spoofer, say([9, 1, {}]));
    presence.changes();
    expect(presence.take(spoofer, say([1, 7, { name: 'mallory' }], [1, 8, null])).spoofed).toBe(2);
    expect(presence.changes()).toEqual([]);
    expect(presence.take(owner, say([1, 2, { name: 'kai', busy: true }])).spoofed).toBe(0);
    expect(read(presence.changes())).toEqual([[1, 2, '{"name":"kai","busy":true}']]);
    // The owner may be a connection that died: it is asked.
    expect(owner.probes.count).toBe(2);
  });

  it('RLY-9: what a client repeats of others is no claim, and no spoof', () => {
    const presence = openPresence();
    const [one, two] = [speaker(), speaker()];
    presence.take(one, say([1, 3, 'a']));
    presence.take(two, say([2, 1, 'b']));
    presence.changes();
    // y-websocket repeats what changed, and what it forgot.
    expect(presence.take(two, say([1, 3, 'a'], [2, 1, 'b'])).spoofed).toBe(0);
    expect(presence.take(two, say([1, 3, null])).spoofed).toBe(0);
    expect(presence.changes()).toEqual([]);
  });

  it('RLY-9: the socket whose own client was first told by another takes it over', () => {
    const presence = openPresence();
    const [tab, own] = [speaker(), speaker()];
    presence.take(tab, say([2, 1, 'tab']));
    presence.take(tab, say([1, 1, 'heard in another way']));
    presence.take(own, say([1, 1, 'heard in another way']));
    expect(presence.take(own, say([1, 2, 'itself'])).spoofed).toBe(0);
    presence.changes();
    presence.leave(tab);
    expect(read(presence.changes())).toEqual([[2, 1, 'null']]);
  });

  it('RLY-9: is bounded: clients of a socket, bytes and depth of a state, silence', () => {
    const presence = openPresence();
    const one = speaker();
    for (let client = 1; client <= 50; client += 1) presence.take(one, say([client, 1, {}]));
    expect(read(presence.all()).length).toBe(awarenessLimits.clients);
    const bad: Uint8Array[] = [
      say([1, 2, 'x'.repeat(awarenessLimits.bytes)]),
      say([1, 2, JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`)]),
      wire.writeAwareness([{ client: 1, clock: 2, state: '{"broken"' }]),
      wire.writeAwareness([{ client: 1, clock: 2, state: ' null' }]),
      new Uint8Array([255, 255, 255, 255, 255, 255, 255, 255, 255, 255]),
      new Uint8Array([2, 1, 1, 2, 123, 125]),
      new Uint8Array([1, 1, 1, 2, 0xff, 0xff]),
    ];
    presence.changes();
    for (const update of bad) expect(() => presence.take(one, update)).toThrow();
    expect(presence.changes()).toEqual([]);
    for (let round = 0; round < 4; round += 1) presence.expire();
    presence.take(one, say([1, 2, {}]));
    presence.expire();
    expect(read(presence.all())).toEqual([[1, 2, '{}']]);
  });
});
