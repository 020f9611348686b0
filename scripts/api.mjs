// The public surface of each entry, written to etc/*.api.md so that a change to it shows in a diff.
// `--update` writes the reports; without it the script only says whether they are up to date.
import { existsSync, mkdirSync } from 'node:fs';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { at, display } from './lib/files.mjs';

const entries = [
  {
    report: 'coterie-schemas',
    entry: at('dist', 'schemas', 'index.d.ts'),
    project: at('schemas', 'tsconfig.json'),
  },
  {
    report: 'coterie',
    entry: at('dist', 'relay', 'embed', 'index.d.ts'),
    project: at('relay', 'tsconfig.json'),
  },
];

const update = process.argv.includes('--update');
const quiet = { logLevel: ExtractorLogLevel.None };

function configFor({ report, entry, project }) {
  return ExtractorConfig.prepare({
    configObjectFullPath: at('scripts', 'api-extractor.json'),
    packageJsonFullPath: at('package.json'),
    configObject: {
      projectFolder: at(),
      mainEntryPointFilePath: entry,
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: project, skipLibCheck: true },
      apiReport: {
        enabled: true,
        reportFileName: report,
        reportFolder: at('etc'),
        reportTempFolder: at('out', 'api'),
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        extractorMessageReporting: { default: quiet },
        tsdocMessageReporting: { default: quiet },
      },
    },
  });
}

function extract(config) {
  const problems = [];
  const result = Extractor.invoke(config, {
    localBuild: update,
    messageCallback: (message) => {
      message.handled = true;
      if (message.logLevel === ExtractorLogLevel.Error) problems.push(message.formatMessageWithLocation());
    },
  });
  return { problems, changed: result.apiReportChanged };
}

mkdirSync(at('etc'), { recursive: true });
mkdirSync(at('out', 'api'), { recursive: true });
for (const entry of entries) {
  const report = `etc/${entry.report}.api.md`;
  if (!existsSync(entry.entry)) {
    console.error(`${report}: ${display(entry.entry)} is not built; run npm run build`);
    process.exitCode = 1;
    continue;
  }
  const { problems, changed } = extract(configFor(entry));
  for (const problem of problems) console.error(`${report}: ${problem}`);
  if (changed && !update)
    console.error(`${report} is out of date: run npm run api and commit what it writes`);
  if (problems.length > 0 || (changed && !update)) process.exitCode = 1;
  else console.log(`${report} ${changed ? 'written' : 'is up to date'}`);
}
