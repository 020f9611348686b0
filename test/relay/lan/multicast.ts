import { createSocket } from 'node:dgram';
import { onTestFinished } from 'vitest';

const group = '224.0.0.251';
const port = 5353;

/** A socket that hears all multicast DNS of the loopback interface, and speaks there. */
export interface Ear {
  readonly heard: Buffer[];
  say(packet: Uint8Array): Promise<void>;
}

export async function openEar(): Promise<Ear> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  onTestFinished(() => void socket.close());
  const heard: Buffer[] = [];
  socket.on('message', (bytes) => heard.push(bytes));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    // The group itself and not all addresses: so no packet that is sent to this machine alone comes in.
    socket.bind({ port, address: group, exclusive: false }, resolve);
  });
  socket.addMembership(group, '127.0.0.1');
  socket.setMulticastInterface('127.0.0.1');
  return {
    heard,
    say: (packet) =>
      new Promise((resolve, reject) =>
        socket.send(packet, port, group, (error) => (error ? reject(error) : resolve())),
      ),
  };
}

/** Why multicast over loopback is not to be had here; undefined where it is. */
export async function withoutMulticast(): Promise<string | undefined> {
  try {
    const [one, other] = [await openEar(), await openEar()];
    await one.say(Buffer.from('hello'));
    const end = performance.now() + 1_000;
    while (!other.heard.some((bytes) => bytes.equals(Buffer.from('hello')))) {
      if (performance.now() > end) return 'what is sent by multicast over loopback does not come back';
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return undefined;
  } catch (error) {
    return `no multicast over loopback: ${error instanceof Error ? error.message : String(error)}`;
  }
}

const name = (dotted: string): Buffer =>
  Buffer.concat([
    ...dotted.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.from([0]),
  ]);

function record(owner: string, type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(120, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([name(owner), head, data]);
}

/** An announcement of our type, as a program of a stranger makes it. */
export function announced(instance: string, text: Readonly<Record<string, string>>): Buffer {
  const [type, fqdn] = ['_coterie._tcp.local', `${instance}._coterie._tcp.local`];
  const items = Object.entries(text).map(([key, value]) => Buffer.from(`${key}=${value}`));
  const txt = Buffer.concat(items.flatMap((item) => [Buffer.from([item.length]), item]));
  const srv = Buffer.concat([Buffer.from([0, 0, 0, 0, 0x10, 0xae]), name(`${instance}.local`)]);
  const header = Buffer.from([0, 0, 0x84, 0, 0, 0, 0, 3, 0, 0, 0, 0]);
  return Buffer.concat([header, record(type, 12, name(fqdn)), record(fqdn, 33, srv), record(fqdn, 16, txt)]);
}
