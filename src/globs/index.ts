export { type Glob, glob, isGlob } from './machine.ts';
export { matches, type Overlap, overlap, type Steps } from './overlap.ts';
export { globCharacters, type NoGlob } from './parse.ts';
