// What stands in a browser for the files of src/ that need Node: each exports the same, by the types of the original.
import { fileURLToPath } from 'node:url';

const from = (path) => fileURLToPath(new URL(path, import.meta.url));
const source = (path) => from(`../../../../src/${path}`);

const table = {
  'keys/node.ts': 'keys.ts',
  'replica/embedder.ts': 'embedder.ts',
  'replica/environment.ts': 'environment.ts',
  'replica/upkeep/maintenance.ts': 'maintenance.ts',
  'replica/upkeep/size.ts': 'size.ts',
  'replica/version.ts': 'version.ts',
  'replica/workspace/ask-in.ts': 'ask-in.ts',
  'replica/workspace/key.ts': 'key.ts',
  'replica/workspace/machine.ts': 'machine.ts',
  'replica/workspace/settle.ts': 'settle.ts',
  'seal/native-cipher.ts': 'native-cipher.ts',
  'search/files.ts': 'search-files.ts',
  'search/text/stored.ts': 'stored.ts',
  'search/thread.ts': 'search-thread.ts',
  'storage/pads.ts': 'pads.ts',
  'storage/store/crc32.ts': 'crc32.ts',
};

const standIns = new Map(Object.entries(table).map(([path, file]) => [source(path), from(file)]));

/** A Vite plugin: where the page's bundle meets one of those files, it takes what stands for it. */
export const replaceWithStandIns = () => ({
  name: 'coterie-stand-ins',
  enforce: 'pre',
  async resolveId(id, importer, options) {
    const found = await this.resolve(id, importer, { ...options, skipSelf: true });
    return found && (standIns.get(found.id.split('?')[0]) ?? found);
  },
});
