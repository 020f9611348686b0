// Adds up what `npm test` and `npm run verify` counted, for .ci/run.
// Usage: ci-summary.mjs TESTS.json CODE VERIFY.txt CODE
import { existsSync, readFileSync } from 'node:fs';
import { readJson } from './lib/files.mjs';

const [testsFile, testsCode, verifyFile, verifyCode] = process.argv.slice(2);

function countTests() {
  const report = readJson(testsFile);
  const passed = report?.numPassedTests ?? 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  let failed = report?.numFailedTests ?? 0;
  if (!report) console.log('ci: npm test left no report');
  else if (passed + failed === 0) console.log('ci: no test ran');
  // A file that does not load, or an error outside a test, fails the run without a failed test.
  if (failed === 0 && (testsCode !== '0' || passed === 0)) failed = 1;
  return { passed, failed, skipped };
}

function countSteps() {
  const text = existsSync(verifyFile) ? readFileSync(verifyFile, 'utf8') : '';
  const last = [...text.matchAll(/^(\d+) passed, (\d+) failed$/gm)].at(-1);
  const passed = Number(last?.[1] ?? 0);
  let failed = Number(last?.[2] ?? 0);
  if (!last) console.log('ci: npm run verify left no count');
  if (failed === 0 && (verifyCode !== '0' || passed === 0)) failed = 1;
  return { passed, failed };
}

const tests = countTests();
const steps = countSteps();
const failed = tests.failed + steps.failed;
console.log(`ci: tests: ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped`);
console.log(`ci: verify: ${steps.passed} passed, ${steps.failed} failed`);
console.log(
  `${tests.passed + steps.passed} passed, ${failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`,
);
process.exitCode = failed === 0 ? 0 : 1;
