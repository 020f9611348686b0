import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import { type Entry, getFileNameLowLevel, openPromise, type ZipFile } from 'yauzl';
import { CoterieError } from '../../schemas/index.ts';
import { type Folder, invalid, longestFile, mostFiles, said, unsafe } from './folder.ts';

/** All files of an archive, inflated, bytes. */
export const zipTotalBytes = 4 * 1024 * 1024 * 1024;
/** Inflated to compressed size of one file: text compresses 5 to 30 times, a bomb about 1,000 times. */
export const zipRatio = 250;
/** Below this inflated size, bytes, the ratio says nothing. */
const ratioFrom = 4 * 1024 * 1024;

/**
 * Opens a zip archive as a folder. Its directory is read and judged whole before any file is.
 * @throws {CoterieError} `import_unsafe` for an entry that leaves the folder, is a link, or inflates without end;
 *   `import_invalid` for an archive that is broken, cut short or encrypted
 */
export async function openZip(path: string): Promise<Folder> {
  const name = basename(path);
  const zip = await openPromise(path, {
    autoClose: false,
    lazyEntries: true,
    // Names and sizes are judged here, so that what is unsafe is told from what is broken.
    decodeStrings: false,
    validateEntrySizes: false,
  }).catch((error: unknown) => {
    throw invalid(`${name} is not a whole zip archive: ${said(error)}`, error);
  });
  try {
    const entries = await list(zip, name);
    return {
      name,
      files: new Map([...entries].map(([place, entry]) => [place, entry.uncompressedSize])),
      async read(place) {
        const entry = entries.get(place);
        if (!entry) throw invalid(`${name} holds no file ${place}`);
        return inflate(zip, entry, `${name}: ${place}`);
      },
      close: () => close(zip),
    };
  } catch (error) {
    await close(zip);
    throw error;
  }
}

const close = (zip: ZipFile): Promise<void> =>
  new Promise((resolve) => {
    if (!zip.isOpen) return resolve();
    zip.once('close', resolve);
    zip.once('error', () => resolve());
    zip.close();
  });

async function list(zip: ZipFile, name: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let total = 0;
  try {
    for await (const entry of zip.eachEntry()) {
      // With `decodeStrings` off the name is still bytes.
      const place = getFileNameLowLevel(
        entry.generalPurposeBitFlag,
        entry.fileNameRaw,
        entry.extraFields,
        true,
      );
      judge(place, entry, name);
      total += entry.uncompressedSize;
      if (total > zipTotalBytes) throw unsafe(`${name} inflates to more than ${zipTotalBytes} bytes`);
      if (place.endsWith('/')) continue;
      if (entries.has(place)) throw invalid(`${name} holds ${place} twice`);
      if (entries.size >= mostFiles) throw unsafe(`${name} holds more than ${mostFiles} files`);
      entries.set(place, entry);
    }
  } catch (error) {
    if (error instanceof CoterieError) throw error;
    throw invalid(`${name}: the directory of the archive is broken: ${said(error)}`, error);
  }
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Refuses an entry by its name, kind and declared size. */
function judge(place: string, entry: Entry, name: string): void {
  const shown = JSON.stringify(place);
  if (place.includes('\\') || place.includes('\0')) throw unsafe(`${name}: ${shown} is not a safe name`);
  if (place.startsWith('/') || /^[a-z]:/i.test(place)) throw unsafe(`${name}: ${shown} is an absolute path`);
  if (place.split('/').includes('..')) throw unsafe(`${name}: ${shown} leaves the folder`);
  if (((entry.externalFileAttributes >>> 16) & 0xf000) === 0xa000)
    throw unsafe(`${name}: ${shown} is a link`);
  const { uncompressedSize: size, compressedSize } = entry;
  if (size > longestFile) throw unsafe(`${name}: ${shown} inflates to more than ${longestFile} bytes`);
  if (size > ratioFrom && size > compressedSize * zipRatio)
    throw unsafe(`${name}: ${shown} inflates to more than ${zipRatio} times its size`);
}

/** Inflates one file, counting: what the directory declared is only a claim. */
async function inflate(zip: ZipFile, entry: Entry, shown: string): Promise<Buffer> {
  const declared = entry.uncompressedSize;
  const chunks: Buffer[] = [];
  let bytes = 0;
  let checksum = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > declared) {
        stream.destroy();
        throw unsafe(`${shown} inflates to more than the ${declared} bytes that the archive declares`);
      }
      checksum = crc32(chunk, checksum);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof CoterieError) throw error;
    throw invalid(`${shown} is broken: ${said(error)}`, error);
  }
  if (bytes < declared) throw invalid(`${shown} is cut short: ${bytes} of ${declared} bytes`);
  if (checksum !== entry.crc32) throw invalid(`${shown} is damaged: its checksum differs`);
  return Buffer.concat(chunks);
}
