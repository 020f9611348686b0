export { type Glob, glob, isGlob } from './machine.ts';
export { isPath, matches, overlap, type Steps } from './overlap.ts';
export { globCharacters } from './parse.ts';
