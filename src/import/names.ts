import { ChannelName, Handle, limits } from '../../schemas/index.ts';
import { clip, oneLine } from './text.ts';

/** The channels that every workspace has from its beginning. */
export const defaultChannels: readonly string[] = ['general', 'problems', 'shipping', 'dev', 'decisions'];

const longestHandle = 32;
const longestChannelName = 64;
const longestDisplayName = 256;

/** What can't be a handle although the grammar allows it: `@here` is everyone present. */
const reserved = ['here', 'channel', 'everyone'];

/**
 * Maps any name to the grammar of handles and channel names: accents are dropped, everything else outside of it
 * becomes `-`. Empty when nothing remains.
 */
export function mapName(name: string, longest: number): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/[._-]{2,}/g, '-')
    .slice(0, longest)
    .replace(/^[._-]+|[._-]+$/g, '');
}

/** Gives each name out once: a taken one gets `-2`, `-3` … */
function makeUnique(longest: number, taken: Iterable<string>) {
  const given = new Set(taken);
  return (name: string): string => {
    let unique = name;
    for (let n = 2; given.has(unique); n++) {
      const suffix = `-${n}`;
      unique = `${name.slice(0, longest - suffix.length).replace(/[._-]+$/, '')}${suffix}`;
    }
    given.add(unique);
    return unique;
  };
}

/** Handles of one import. `fallback` is used when nothing of the name fits the grammar. */
export function makeHandles(): (name: string, fallback: string) => string {
  const unique = makeUnique(longestHandle, reserved);
  return (name, fallback) =>
    Handle.parse(unique(mapName(name, longestHandle) || mapName(fallback, longestHandle) || 'member'));
}

/** Channel names of one import. A name that is one of the defaults is given as it is, once. */
export function makeChannelNames(): (name: string, fallback: string) => string {
  const unique = makeUnique(longestChannelName, []);
  return (name, fallback) =>
    ChannelName.parse(
      unique(mapName(name, longestChannelName) || mapName(fallback, longestChannelName) || 'channel'),
    );
}

/** A name as shown, on one line; undefined when it is blank. `whole` is false where it had to be cut. */
export function displayName(name: string): { text: string; whole: boolean } | undefined {
  const line = oneLine(name);
  if (line === '') return undefined;
  const text = clip(line, longestDisplayName);
  return { text, whole: text === line };
}

/** A title on one line; undefined when it is blank. `whole` is false where it had to be cut. */
export function title(value: string): { text: string; whole: boolean } | undefined {
  const line = oneLine(value);
  if (line === '') return undefined;
  const text = clip(line, limits.titleBytes);
  return { text, whole: text === line };
}
