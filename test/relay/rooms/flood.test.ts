import { describe, expect, it } from 'vitest';
import * as wire from '../../../relay/rooms/room/wire.ts';
import { type Peer, peer, turns, world } from './fakes.ts';

const text = (letters: number): string => JSON.stringify({ name: 'x'.repeat(letters) });
const query = Uint8Array.of(3);

const present = (client: number, clock: number, letters: number): Uint8Array =>
  wire.awareness(wire.writeAwareness([{ client, clock, state: text(letters) }]));

const bytesTo = ({ framed }: Peer, from = 0): number =>
  framed.slice(from).reduce((sum, one) => sum + one.length, 0);

/** A room with something to tell, and one who will ask for it. */
async function flooded() {
  const there = world();
  const many = await there.join(peer());
  for (let client = 1; client <= 16; client++) many.say(present(client, 1, 4000));
  many.doc.getText('t').insert(0, 'x'.repeat(100_000));
  const flood = await there.join(peer());
  await turns();
  expect(flood.state.paused).toBe(false);
  return { there, many, flood, told: flood.framed.length };
}

const most = 8 * 1024 * 1024 + 200_000;

describe('RLY-20 a socket that asks and asks', () => {
  it('who is present is answered as far as its allowance goes, then not read, then answered once', async () => {
    const { there, flood, told } = await flooded();
    for (let i = 0; i < 1000; i++) flood.say(query);
    await turns();
    expect(bytesTo(flood, told)).toBeLessThan(most);
    expect(bytesTo(flood, told)).toBeGreaterThan(1024 * 1024);
    expect(flood.state.paused).toBe(true);
    const { length } = flood.framed;
    there.time.run(1000);
    there.time.run(1000);
    expect(flood.state.paused).toBe(false);
    expect(flood.framed.length - length).toBe(1);
  });

  it('for what it has is answered as far as its allowance goes; who asks for the first time always is', async () => {
    const { there, flood, told } = await flooded();
    const everything = wire.step1(Uint8Array.of(0));
    for (let i = 0; i < 200; i++) {
      flood.say(everything);
      await turns(2);
    }
    expect(bytesTo(flood, told)).toBeLessThan(most);
    expect(flood.state.paused).toBe(true);
    const other = await there.join(peer());
    expect(other.doc.getText('t').length).toBe(100_000);
    expect(other.state.paused).toBe(false);
    const { length } = flood.framed;
    for (let i = 0; i < 3; i++) there.time.run(1000);
    await turns();
    expect(flood.state.paused).toBe(false);
    expect(flood.framed.length - length).toBe(1);
  });

  it('to tell others of itself, or for signs of life, is not read for a while', async () => {
    const { there, flood } = await flooded();
    for (let clock = 1; clock <= 100; clock++) flood.say(present(99, clock, 60_000));
    expect(flood.state.paused).toBe(true);
    there.time.run(1000);
    there.time.run(1000);
    expect(flood.state.paused).toBe(false);
    for (let i = 0; i < 20_000; i++) flood.events.pinged?.();
    expect(flood.state.paused).toBe(true);
    there.time.run(1000);
    there.time.run(1000);
    expect(flood.state.paused).toBe(false);
    for (let i = 0; i < 20_000; i++) flood.say(Uint8Array.of(77));
    expect(flood.state.paused).toBe(true);
    flood.events.closed(1000, '');
    there.time.run(1000);
  });

  it('and writes is read again when both are made up for', async () => {
    const there = world({ waiting: 1000 });
    const one = await there.join(peer());
    one.doc.getText('t').insert(0, 'y'.repeat(5000));
    expect(one.state.paused).toBe(true);
    for (let i = 0; i < 20_000; i++) one.events.pinged?.();
    await turns();
    expect(one.state.paused).toBe(true);
    there.time.run(1000);
    there.time.run(1000);
    expect(one.state.paused).toBe(false);
  });
});
