#!/usr/bin/env node
import { run } from './run.ts';

/** A timer or worker that somebody forgot must not keep a finished command alive. */
const GRACE = 1000;

process.exitCode = await run(process.argv.slice(2));
setTimeout(() => process.exit(), GRACE).unref();
