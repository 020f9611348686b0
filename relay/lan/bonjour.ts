import type { EventEmitter } from 'node:events';
import { Bonjour, type Browser, type Service } from 'bonjour-service';
import type { Announced, Engine, EngineEvents, OpenEngine } from './engine.ts';

const type = 'coterie';
/** Services that are kept between two questions; a flood goes on unheard until the next one. */
const mostHeard = 256;
/** A goodbye that cannot be sent is not waited for, ms. */
const farewell = 500;

/** The parts of it that the package keeps to itself, and without which an error of its socket ends the process. */
type Inside = { readonly server: { readonly mdns: EventEmitter } };

/** One network: the package sends on one interface only. */
function openOne(address: string, events: EngineEvents) {
  const settings = { interface: address, bind: '0.0.0.0' };
  const bonjour = new Bonjour(settings as object, events.trouble);
  const { mdns } = (bonjour as unknown as Inside).server;
  mdns.on('error', events.trouble);
  mdns.on('warning', () => undefined);
  let service: Service | undefined;
  let browser: Browser | undefined;

  function stopListening(): void {
    browser?.removeAllListeners();
    browser?.stop();
    browser = undefined;
  }

  return {
    announce({ name, port, text }: Announced) {
      // First: it takes away what else has the name of the type.
      service?.stop?.();
      const host = `${name}.local`;
      service = bonjour.publish({
        name,
        type,
        port,
        host,
        txt: { ...text },
        probe: false,
        disableIPv6: true,
      });
    },
    ask() {
      stopListening();
      let heard = 0;
      const hear = ({ txt, referer }: Service): void => {
        heard += 1;
        if (heard > mostHeard) stopListening();
        else if (txt) events.heard(txt as Record<string, unknown>, referer?.address ?? '');
      };
      const asking = bonjour.find({ type });
      browser = asking;
      asking.on('up', hear);
      asking.on('txt-update', hear);
    },
    close: () =>
      new Promise<void>((resolve) => {
        stopListening();
        const end = (): void => {
          clearTimeout(late);
          bonjour.destroy(resolve);
        };
        const late = setTimeout(() => bonjour.destroy(resolve), farewell);
        bonjour.unpublishAll(end);
      }),
  };
}

/** Multicast DNS: `_coterie._tcp.local`. */
export const openBonjour: OpenEngine = (addresses, events): Engine => {
  const all = addresses.map((address) => openOne(address, events));
  return {
    announce: (what) => {
      for (const one of all) one.announce(what);
    },
    ask: () => {
      for (const one of all) one.ask();
    },
    async close() {
      await Promise.all(all.map((one) => one.close()));
    },
  };
};
