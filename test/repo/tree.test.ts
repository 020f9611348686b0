import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesUnder, layers, read, root } from './files.ts';

const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'SPEC.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...filesUnder('docs', '.md'),
  ...filesUnder('bench', '.md'),
];

/** A page without what stands in code blocks. */
const prose = (page: string): string => read(page).replaceAll(/^```[\s\S]*?^```/gm, '');

/** The anchors of a page, as they are made from its headings. */
const anchors = (page: string): string[] =>
  [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading ?? '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

describe('the documents', () => {
  it.each(pages)('%s links to what is there', (page) => {
    const broken: string[] = [];
    for (const [, target = ''] of prose(page).matchAll(
      /(?<!`)\[[^\]`]*(?:`[^`]*`[^\]`]*)*\]\(([^)\s]+)\)/g,
    )) {
      if (/^[a-z]+:/.test(target)) continue;
      const [path = '', anchor] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(join(root, file))) broken.push(target);
      else if (anchor !== undefined && file.endsWith('.md') && !anchors(file).includes(anchor))
        broken.push(target);
    }
    expect(broken).toEqual([]);
  });

  it.each(['README.md', 'ARCHITECTURE.md', 'SPEC.md'])(
    '%s names only files and folders that are there',
    (page) => {
      const paths = [
        ...prose(page).matchAll(/`((?:schemas|src|relay|test|bench|examples|docs|scripts)\/[\w./-]*)`/g),
      ];
      expect(paths.map(([, path]) => path ?? '').filter((path) => !existsSync(join(root, path)))).toEqual([]);
    },
  );

  it('CHANGELOG.md tells of the version of the package', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(read('CHANGELOG.md')).toMatch(new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\]`, 'm'));
  });
});

describe('the tree', () => {
  it('has a lockfile that names no registry and has the hash of every package', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as {
      packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
    };
    const wrong = Object.entries(packages).filter(
      ([path, entry]) =>
        path !== '' && entry.link !== true && (entry.resolved !== undefined || entry.integrity === undefined),
    );
    expect(wrong.map(([path]) => path)).toEqual([]);
  });

  it('has no source file of more than 320 lines', () => {
    const long = layers
      .flatMap((layer) => filesUnder(layer, '.ts'))
      .map((path) => ({ path, lines: read(path).replace(/\n$/, '').split('\n').length }))
      .filter(({ lines }) => lines > 320);
    expect(long).toEqual([]);
  });
});
