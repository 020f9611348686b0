import { closeCodes } from '../../schemas/protocol.ts';
import { sliceUpdate } from '../../src/sync/guard/index.ts';
import { createLinks, type Links } from '../../src/sync/links.ts';
import type { SyncSource } from '../../src/sync/port.ts';
import type { SessionEvent, SessionOptions } from '../../src/sync/session.ts';
import type { Connection, Network } from './network.ts';

/** Cuts updates as a replica does. */
export const slice: SessionOptions['slice'] = (update, bytes) => {
  const sliced = sliceUpdate(update, bytes);
  return sliced.verdict === 'sliced' ? sliced.updates : [update];
};

/** One replica of the network. */
export interface MeshNode<S extends SyncSource = SyncSource> {
  readonly name: string;
  readonly source: S;
  readonly links: Links;
  /** What its sessions told, in order, and with whom they were. */
  readonly events: (SessionEvent & { readonly peer: string })[];
  /** Keeps a link to another one: dials again after a while whenever it is down. Returns what ends that. */
  keep(to: string): () => void;
  /** Connects once; time passes until it is connected, or has failed. */
  dial(to: string): Promise<Connection | undefined>;
  close(): void;
}

/** A replica that listens in the network under its name. */
export function join<S extends SyncSource>(network: Network, name: string, source: S): MeshNode<S> {
  const links = createLinks(source, {
    timer: network.timer,
    now: network.now,
    random: network.random,
    slice,
  });
  const events: (SessionEvent & { readonly peer: string })[] = [];
  let open = true;
  const deaf = network.listen(name, (end, peer) => {
    const session = links.connect({
      role: 'listen',
      transport: end.transport,
      onEvent: (event) => void events.push({ ...event, peer }),
    });
    end.bind(session);
  });

  return {
    name,
    source,
    links,
    events,
    keep(to) {
      let keeping = true;
      /** Connections that this one made and that are up. */
      let up = 0;
      const again = (wait = 50): void => {
        if (open && keeping && up === 0) network.timer(dial, wait + network.draw(10 * wait));
      };
      function dial(): void {
        if (!open || !keeping || up > 0) return;
        network.dial(
          name,
          to,
          (end) => {
            up++;
            const session = links.connect({
              role: 'dial',
              transport: end.transport,
              onEvent(event) {
                events.push({ ...event, peer: to });
                if (event.type !== 'closed') return;
                up--;
                again(event.code === closeCodes.self ? 2000 : undefined);
              },
            });
            end.bind(session);
          },
          () => again(),
        );
      }
      dial();
      return () => {
        keeping = false;
      };
    },
    async dial(to) {
      let made: Connection | undefined;
      let over = false;
      network.dial(
        name,
        to,
        (end, connection) => {
          const session = links.connect({
            role: 'dial',
            transport: end.transport,
            onEvent: (event) => void events.push({ ...event, peer: to }),
          });
          end.bind(session);
          made = connection;
          over = true;
        },
        () => {
          over = true;
        },
      );
      await network.until(() => over, 10_000);
      return made;
    },
    close() {
      open = false;
      deaf();
      links.close();
    },
  };
}
