import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTexts, seeded } from './texts.ts';

const people = 200;
const perDay = 200;
const day = 86_400;

/** Writes a Slack export of so many invented messages, two channels, some in threads and with reactions. */
export function inventSlack(directory: string, messages: number): void {
  const random = seeded(3);
  const text = createTexts(4);
  const person = (): string => `U${String(Math.floor(random() ** 2 * people)).padStart(5, '0')}`;
  const channels = ['building', 'running'];
  mkdirSync(directory, { recursive: true });
  const write = (name: string, value: unknown): void =>
    writeFileSync(join(directory, name), JSON.stringify(value, null, 1));
  write(
    'users.json',
    Array.from({ length: people }, (_, i) => {
      const id = `U${String(i).padStart(5, '0')}`;
      return { id, name: `person${i}`, real_name: `Person ${i}`, profile: { display_name: `Person ${i}` } };
    }),
  );
  write(
    'channels.json',
    channels.map((name, i) => ({ id: `C0000${i}`, name, created: 1.6e9, topic: { value: '' } })),
  );
  for (const channel of channels) mkdirSync(join(directory, channel));
  for (let done = 0, date = 0; done < messages; date++) {
    for (const channel of channels) {
      const from = 1.6e9 + date * day;
      const rows: Record<string, unknown>[] = [];
      const roots: string[] = [];
      for (let i = 0; i < perDay && done < messages; i++, done++) {
        const ts = `${from + i * 60}.${String(done).padStart(6, '0')}`;
        const root = random() < 0.3 ? roots[Math.floor(random() * roots.length)] : undefined;
        const reactions = random() < 0.1 ? [{ name: '+1', users: [person()], count: 1 }] : undefined;
        rows.push({ type: 'message', user: person(), text: text(), ts, thread_ts: root, reactions });
        if (root === undefined) roots.push(ts);
      }
      const name = new Date(from * 1000).toISOString().slice(0, 10);
      if (rows.length > 0) write(join(channel, `${name}.json`), rows);
    }
  }
}
