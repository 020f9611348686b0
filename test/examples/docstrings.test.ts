import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startNode, tokenOf } from '../../relay/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Entry points whose docstrings show how they are used. */
const sources = [
  'relay/embed/open.ts',
  'src/client/index.ts',
  'src/maps/view.ts',
  'src/maps/author.ts',
  'src/yjs/connect.ts',
];

/** The examples in the docstrings of a file, without the stars. */
const examplesIn = (source: string): string[] =>
  [...readFileSync(join(root, source), 'utf8').matchAll(/^ *\* ```ts\n([\s\S]*?)^ *\* ```$/gm)].map(
    ([, block = '']) => block.replaceAll(/^ *\* ?/gm, ''),
  );

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node'],
  typeRoots: [join(root, 'node_modules/@types')],
};

/** A place where `coterie` is this package, as its readers get it. */
function place(example: string): { readonly path: string; readonly directory: string } {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const code = mkdtempSync(join(root, 'dist/docstring-'));
  const directory = mkdtempSync(join(tmpdir(), 'coterie-docstring-'));
  onTestFinished(() => {
    for (const made of [code, directory]) rmSync(made, { recursive: true, force: true });
  });
  const path = join(code, 'example.mts');
  writeFileSync(path, example);
  return { path, directory };
}

describe.each(sources)('the examples in %s', (source) => {
  const examples = examplesIn(source);

  it('are there', () => expect(examples.length).toBeGreaterThan(0));

  it.each(examples)('fits the types, and says what it says: %#', async (example) => {
    const { path, directory } = place(example);
    const program = ts.createProgram([path], options);
    const found = ts.getPreEmitDiagnostics(program);
    expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);

    const config = join(directory, 'config');
    const data = join(directory, 'node');
    const state = join(directory, 'state');
    const node = await startNode({ directory: data, config, state, as: 'kai', port: 0, durability: 'os' });
    onTestFinished(() => node.close());
    const script = path.replace(/mts$/, 'mjs');
    const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ES2022 };
    writeFileSync(script, ts.transpileModule(example, { compilerOptions }).outputText);
    const { stdout } = await promisify(execFile)(process.execPath, [script], {
      cwd: directory,
      env: { ...process.env, COTERIE_URL: node.url, COTERIE_TOKEN: tokenOf(data, 'kai') },
    });
    const said = [...example.matchAll(/\/\/=> (.*)$/gm)].map(([, line]) => line);
    expect(stdout.trimEnd().split('\n')).toEqual(said);
  });
});
