import { writeFile } from 'node:fs/promises';
import { crc32, deflateRawSync } from 'node:zlib';

/** One entry; what is declared may be a lie. */
export interface ZipEntry {
  readonly name: string;
  readonly content: string | Buffer;
  readonly deflate?: boolean;
  /** Declared size when inflated. */
  readonly size?: number;
  readonly crc?: number;
  /** Unix mode, `0o120777` for a symbolic link. */
  readonly mode?: number;
  /** General purpose bits; 1 = encrypted. */
  readonly flags?: number;
}

const u16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
};
const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};

/** A zip archive, also one that no honest tool would write. */
export function makeZip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const content = Buffer.from(entry.content);
    const packed = entry.deflate ? deflateRawSync(content) : content;
    const name = Buffer.from(entry.name);
    const common = Buffer.concat([
      u16(20),
      u16((entry.flags ?? 0) | 0x800),
      u16(entry.deflate ? 8 : 0),
      u32(0x21_0000),
      u32(entry.crc ?? crc32(content)),
      u32(packed.length),
      u32(entry.size ?? content.length),
      u16(name.length),
      u16(0),
    ]);
    const local = Buffer.concat([u32(0x04034b50), common, name, packed]);
    directory.push(
      Buffer.concat([
        u32(0x02014b50),
        u16(0x031e),
        common,
        u16(0),
        u16(0),
        u16(0),
        u32((entry.mode ?? 0o100644) << 16),
        u32(offset),
        name,
      ]),
    );
    parts.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = [u32(0x06054b50), u16(0), u16(0), u16(entries.length), u16(entries.length), u32(listed.length)];
  return Buffer.concat([...parts, listed, ...end, u32(offset), u16(0)]);
}

export const writeZip = (path: string, entries: readonly ZipEntry[]): Promise<void> =>
  writeFile(path, makeZip(entries));
