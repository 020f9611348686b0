import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { connect, createServer, type Socket as TcpSocket } from 'node:net';
import { join } from 'node:path';

/** A text in each form in which it may lie about: as UTF-8, UTF-16, hex, and base64 at each alignment. */
export function formsOf(text: string): ReadonlyMap<string, Buffer> {
  const forms = new Map<string, Buffer>([
    ['utf8', Buffer.from(text, 'utf8')],
    ['utf16', Buffer.from(text, 'utf16le')],
    ['utf16 big', Buffer.from(text, 'utf16le').swap16()],
    ['hex', Buffer.from(Buffer.from(text).toString('hex'))],
    ['HEX', Buffer.from(Buffer.from(text).toString('hex').toUpperCase())],
  ]);
  for (let before = 0; before < 3; before++) {
    // Only the characters that this text alone decides, whatever stands before and after it.
    const whole = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]).toString('base64');
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + text.length) * 8) / 6);
    forms.set(`base64 ${before}`, Buffer.from(whole.slice(from, to)));
  }
  return forms;
}

/** Where a text is found, in which form, and what stands around it. */
export function findings(where: string, bytes: Buffer, forms: ReadonlyMap<string, Buffer>): string[] {
  const found: string[] = [];
  for (const [form, wanted] of forms) {
    const at = bytes.indexOf(wanted);
    if (at >= 0)
      found.push(
        `${where}, ${form}: ${JSON.stringify(bytes.subarray(Math.max(0, at - 60), at + 120).toString('latin1'))}`,
      );
  }
  return found;
}

export function findingsOnDisk(directory: string, forms: ReadonlyMap<string, Buffer>): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name))
    .flatMap((path) => findings(path, Buffer.concat([Buffer.from(path), readFileSync(path)]), forms));
}

const piece = 8 * 1024 * 1024;
const overlap = 4096;

/** All memory of a process that it can write to. Returns why where this user may not read it. */
export function findingsInMemory(
  pid: number,
  forms: ReadonlyMap<string, Buffer>,
): { readonly found: string[]; readonly bytes: number } | string {
  let memory: number;
  try {
    memory = openSync(`/proc/${pid}/mem`, 'r');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const found: string[] = [];
  let bytes = 0;
  try {
    const buffer = Buffer.alloc(piece);
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const [, start, end, rights] = /^([0-9a-f]+)-([0-9a-f]+) (\S+)/.exec(line) ?? [];
      if (!start || !end || !rights?.startsWith('rw')) continue;
      const last = Number.parseInt(end, 16);
      for (let at = Number.parseInt(start, 16); at < last; at += piece - overlap) {
        let read: number;
        try {
          read = readSync(memory, buffer, 0, Math.min(piece, last - at), at);
        } catch {
          // It was given back meanwhile.
          break;
        }
        bytes += read;
        found.push(...findings(`memory at ${at.toString(16)}`, buffer.subarray(0, read), forms));
      }
    }
  } finally {
    closeSync(memory);
  }
  return { found, bytes };
}

/** What the frames of a WebSocket hold that a client sends, without its masks; before them stands its request. */
export function unmasked(stream: Buffer): Buffer {
  const head = stream.indexOf('\r\n\r\n');
  if (head < 0 || !stream.subarray(0, head).toString('latin1').toLowerCase().includes('upgrade: websocket'))
    return stream;
  const parts = [stream.subarray(0, head + 4)];
  let at = head + 4;
  while (at + 2 <= stream.length) {
    const second = stream[at + 1] ?? 0;
    let length = second & 127;
    at += 2;
    if (length === 126) {
      length = stream.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(stream.readBigUInt64BE(at));
      at += 8;
    }
    if ((second & 128) === 0) throw new Error('a client sent a frame without a mask');
    const mask = stream.subarray(at, at + 4);
    const payload = Buffer.from(stream.subarray(at + 4, at + 4 + length));
    for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0);
    parts.push(payload);
    at += 4 + length;
  }
  return Buffer.concat(parts);
}

/** Stands between, passes on, and keeps all that goes by, each connection by itself. */
export async function recordingProxy(): Promise<{
  readonly port: number;
  /** Where what comes goes on to; said before the first connection. */
  to(port: number): void;
  up(): Buffer[];
  down(): Buffer[];
  close(): void;
}> {
  let target = 0;
  const kept: { readonly up: Buffer[]; readonly down: Buffer[] }[] = [];
  const sockets = new Set<TcpSocket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    const one = { up: [] as Buffer[], down: [] as Buffer[] };
    kept.push(one);
    for (const [from, other, way] of [
      [near, far, one.up],
      [far, near, one.down],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes: Buffer) => {
        way.push(bytes);
        other.write(bytes);
      });
      from.on('error', () => other.destroy());
      from.on('close', () => {
        sockets.delete(from);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    to(port) {
      target = port;
    },
    up: () => kept.map(({ up }) => Buffer.concat(up)),
    down: () => kept.map(({ down }) => Buffer.concat(down)),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
