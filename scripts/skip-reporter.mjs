// Lists skipped tests with their reasons, for a skip that nobody sees is a test that nobody runs.
// The reason is what a test gives to `context.skip('…')`, or what follows `— ` in its name.
export default class SkipReporter {
  onTestRunEnd(modules) {
    const lines = [];
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const reason = test.result().note ?? /— (.+)$/.exec(test.fullName)?.[1] ?? 'no reason given';
        lines.push(`skipped: ${module.relativeModuleId} > ${test.fullName}: ${reason}`);
      }
    }
    if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}
