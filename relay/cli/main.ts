#!/usr/bin/env node
import { run } from './run.ts';

/** A timer or worker that somebody forgot must not keep a finished command alive. */
const GRACE = 1000;

// No top-level `await`: what `coterie` starts is this in one CommonJS file (scripts/lib/bundle.mjs), which has none.
void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
  setTimeout(() => process.exit(), GRACE).unref();
});
