import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A line of wire to somebody who listens on this machine, which can be cut. */
export interface Proxy {
  readonly url: string;
  /** Ends what is open; what is dialled from now on breaks at once. */
  cut(): void;
  mend(): void;
}

/**
 * `target` is asked at every dial, for who is started again listens elsewhere. Whoever listens looks at the name that it
 * was dialled by, so that is put right.
 */
export async function openProxy(target: () => string): Promise<Proxy> {
  const open = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const { hostname, port, host } = new URL(target());
    const far = connect(Number(port), hostname);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
    near.once('data', (head) => {
      far.write(head.toString('latin1').replace(/^Host: .*$/im, `Host: ${host}`), 'latin1');
      near.pipe(far);
    });
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  function cut(): void {
    whole = false;
    for (const socket of open) socket.destroy();
  }
  onTestFinished(() => {
    cut();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend() {
      whole = true;
    },
  };
}
