import { expect, it } from 'vitest';
import { sealedFrame } from '../../../schemas/sealed.ts';
import { createLinks } from '../../../src/sync/links.ts';
import { type Peer, peers } from '../../replica/sync/support.ts';
import { openRig } from '../mailbox/support.ts';
import { link } from './support.ts';

it('SLR-18: what waits until things are stored elsewhere counts a mailbox once the relay said that it has all of it', async () => {
  const [ana] = (await peers(['ana'])) as [Peer];
  await ana.replica.messages.post('general', { text: 'hello' });
  const rig = openRig();
  const held: Uint8Array[] = [];
  let holding = false;
  let waiting = (): void => undefined;
  const first = await link(ana, rig, {
    meddle(frame, way) {
      if (way === 'up' || !holding || frame[0] !== sealedFrame.appended) return [frame];
      held.push(frame);
      waiting();
      return [];
    },
  });
  await first.settled();
  const timers: (() => void)[] = [];
  const links = createLinks(ana.source, {
    now: Date.now,
    random: (bytes) => new Uint8Array(bytes),
    slice: () => [],
    timer(task) {
      timers.push(task);
      return () => undefined;
    },
  });
  const keeping = links.keeps({ publicKey: rig.signer.publicKey, session: first.session });
  expect(await links.settled({ peers: 1, timeoutMs: 1 })).toEqual({
    stored: [rig.signer.publicKey],
    enough: true,
  });

  holding = true;
  const asked = new Promise<void>((resolve) => {
    waiting = resolve;
  });
  await ana.replica.messages.post('general', { text: 'on its way' });
  const soon = links.settled({ peers: 1, timeoutMs: 1 });
  await asked;
  keeping.heard();
  for (const task of timers.splice(0)) task();
  expect(await soon).toEqual({ stored: [], enough: false });
  expect(first.session.lag).toBeGreaterThan(0);

  const later = links.settled({ peers: 1, timeoutMs: 1 });
  holding = false;
  for (const frame of held.splice(0)) first.session.receive(frame);
  await first.settled();
  keeping.heard();
  expect(await later).toEqual({ stored: [rig.signer.publicKey], enough: true });
  const mark = first.session.mark();
  await first.cut();
  expect(mark()).toBe(false);
  keeping.gone();
  const gone = links.settled({ peers: 1, timeoutMs: 1 });
  for (const task of timers.splice(0)) task();
  expect(await gone).toEqual({ stored: [], enough: false });
  links.close();
});
