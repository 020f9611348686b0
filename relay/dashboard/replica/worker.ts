// The worker that has the page's replica: one for all tabs of a browser.
import type { Surface } from '../../../src/replica/surface.ts';
import { type Hosted, openHosted } from './hosting.ts';
import { forgetPageKey } from './page-key.ts';
import type { FromWorker, ReplicaState, ToWorker } from './protocol.ts';
import { type Served, serveCalls, shapeOf } from './serve.ts';
import { forgetStorage, isKept } from './storage.ts';

const ports = new Set<MessagePort>();
let state: ReplicaState = { state: 'absent' };
let hosted: Promise<Hosted> | undefined;
let found: (surface: Promise<Surface>) => void = () => undefined;
const surface = new Promise<Surface>((resolve) => {
  found = resolve;
});
/** Nobody waits for it where there never is one. */
surface.catch(() => undefined);

const nameOf = (handle: string): string => `coterie-${handle}`;

function become(next: ReplicaState): void {
  state = next;
  for (const port of ports) port.postMessage({ did: 'state', state } satisfies FromWorker);
}

async function open(handle: string, make: boolean): Promise<void> {
  if (hosted || state.state === 'superseded') return;
  if (!make && !(await isKept(nameOf(handle)))) return become({ state: 'absent' });
  if (hosted) return;
  become({ state: 'opening' });
  hosted = openHosted(nameOf(handle), handle, become);
  try {
    const opened = await hosted;
    found(Promise.resolve(opened.surface));
    become(opened.state());
  } catch (error) {
    hosted = undefined;
    become({ state: 'failed', error: shapeOf(error) });
  }
}

async function close(): Promise<void> {
  await (await hosted?.catch(() => undefined))?.close();
}

/** A tab of another version opens what is kept here: one process at a time may have it. */
const versions = new BroadcastChannel('coterie-version');
const mine = self.location.href;
versions.postMessage(mine);
versions.onmessage = ({ data }: MessageEvent<string>) => {
  if (data === mine || state.state === 'superseded') return;
  const closing = close();
  become({ state: 'superseded' });
  void closing.catch(() => undefined);
};

async function forget(port: MessagePort, id: number, handle: string | undefined): Promise<void> {
  try {
    await close();
    hosted = undefined;
    if (handle !== undefined) {
      await forgetStorage(nameOf(handle));
      await forgetPageKey(nameOf(handle));
    }
    become({ state: 'absent' });
    port.postMessage({ did: 'answer', id, value: undefined } satisfies FromWorker);
  } catch (error) {
    port.postMessage({ did: 'fail', id, error: shapeOf(error) } satisfies FromWorker);
  }
}

function connect(port: MessagePort): void {
  ports.add(port);
  let handle: string | undefined;
  const served: Served = serveCalls(surface, (message) => port.postMessage(message));
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    if (data.do === 'open') {
      ({ handle } = data);
      void open(data.handle, data.make);
    } else if (data.do === 'hurry')
      hosted?.then(
        (one) => one.hurry(),
        () => undefined,
      );
    else if (data.do === 'forget') void forget(port, data.id, handle);
    else if (data.do === 'bye') {
      served.close();
      ports.delete(port);
    } else served.take(data);
  };
  port.postMessage({ did: 'state', state } satisfies FromWorker);
}

addEventListener('connect', (event) => {
  const [port] = (event as MessageEvent).ports;
  if (port) connect(port);
});
