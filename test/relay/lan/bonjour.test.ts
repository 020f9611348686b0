import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openBonjour } from '../../../relay/lan/bonjour.ts';
import type { Engine } from '../../../relay/lan/engine.ts';
import { announced, openEar, withoutMulticast } from './multicast.ts';
import { until } from './support.ts';

const own = randomBytes(8).toString('hex');

/** An engine on loopback, with what it heard that is of this run. */
function open(): Engine & { heard: Record<string, unknown>[]; troubles: unknown[] } {
  const heard: Record<string, unknown>[] = [];
  const troubles: unknown[] = [];
  const engine = openBonjour(['127.0.0.1'], {
    heard: (text) => {
      if (text['run'] === own) heard.push({ ...text });
    },
    trouble: (error) => troubles.push(error),
  });
  onTestFinished(() => engine.close());
  return { ...engine, heard, troubles };
}

const name = (): string => randomBytes(16).toString('hex');

describe('multicast DNS', () => {
  it('MCH-21: what one announces others hear, when it comes, when they ask, and when it is another', async (context) => {
    const missing = await withoutMulticast();
    if (missing) return context.skip(missing);
    const [one, other] = [open(), open()];
    other.ask();
    one.announce({ name: name(), port: 4_270, text: { run: own, n: 'first' } });
    await until('it was heard', () => other.heard.some(({ n }) => n === 'first'));
    one.announce({ name: name(), port: 4_270, text: { run: own, n: 'second' } });
    await until('the other was heard', () => other.heard.some(({ n }) => n === 'second'));
    // Asked again, only the newer answers.
    other.heard.length = 0;
    other.ask();
    await until('it was heard again', () => other.heard.some(({ n }) => n === 'second'));
    expect(other.heard.some(({ n }) => n === 'first')).toBe(false);
    const late = open();
    late.ask();
    await until('one who came later hears it', () => late.heard.some(({ n }) => n === 'second'));
    expect([...one.troubles, ...other.troubles, ...late.troubles]).toEqual([]);
  });

  it('MCH-21: closing takes the announcement back', async (context) => {
    const missing = await withoutMulticast();
    if (missing) return context.skip(missing);
    const ear = await openEar();
    const one = open();
    const instance = name();
    one.announce({ name: instance, port: 4_270, text: { run: own } });
    const goodbye = Buffer.concat([Buffer.from([0, 12, 0, 1, 0, 0, 0, 0])]);
    const saidOf = () => ear.heard.filter((bytes) => bytes.includes(instance));
    await until('it was announced', () => saidOf().length > 0);
    expect(saidOf().some((bytes) => bytes.includes(goodbye))).toBe(false);
    await one.close();
    await until('it was taken back', () => saidOf().some((bytes) => bytes.includes(goodbye)));
  });

  it('MCH-23: a flood is heard to a bound, and is heard no more until it asks again', async (context) => {
    const missing = await withoutMulticast();
    if (missing) return context.skip(missing);
    const ear = await openEar();
    const one = open();
    one.ask();
    const flood = async (): Promise<void> => {
      for (let i = 0; i < 1_000; i++) await ear.say(announced(`f${i}${name().slice(8)}`, { run: own }));
    };
    await until('it hears nothing more', async () => {
      await flood();
      const before = one.heard.length;
      await flood();
      return before > 0 && one.heard.length === before;
    });
    expect(one.heard.length).toBeLessThanOrEqual(256);
    const honest = open();
    honest.announce({ name: name(), port: 4_270, text: { run: own, n: 'honest' } });
    await until('it hears the honest one when it asks', () => {
      one.ask();
      return new Promise((resolve) =>
        setTimeout(() => resolve(one.heard.some(({ n }) => n === 'honest')), 50),
      );
    });
  });

  it('MCH-23: packets that are none, cut or altered do no harm', async (context) => {
    const missing = await withoutMulticast();
    if (missing) return context.skip(missing);
    const ear = await openEar();
    const [one, other] = [open(), open()];
    one.ask();
    other.announce({ name: name(), port: 4_270, text: { run: own, n: 'there' } });
    const whole = announced(name(), { a: 'b', __proto__: 'c' });
    for (let i = 0; i < 600; i++) {
      const packet = Buffer.from(whole);
      const at = randomBytes(2).readUInt16BE() % packet.length;
      if (i % 3 === 0) packet[at] = randomBytes(1)[0] as number;
      await ear.say(i % 3 === 1 ? packet.subarray(0, at) : i % 3 === 2 ? randomBytes(at + 1) : packet);
    }
    // Questions of every type, and one of many.
    const ask = (type: number): Buffer =>
      Buffer.concat([
        Buffer.from([0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
        whole.subarray(12, 12 + '_coterie._tcp.local'.length + 2),
        Buffer.from([type >> 8, type & 255, 0, 1]),
      ]);
    for (let type = 0; type < 300; type++) await ear.say(ask(type));
    one.heard.length = 0;
    one.ask();
    await until('it still hears the other', () => one.heard.some(({ n }) => n === 'there'));
  });
});
