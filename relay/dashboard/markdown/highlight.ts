import type { HighlighterCore, LanguageRegistration, ThemedToken } from 'shiki/core';

/** Languages by the names that people write behind the fence; each is loaded when it is first shown. */
const languages: Readonly<Record<string, () => Promise<{ default: LanguageRegistration[] }>>> = {
  bash: () => import('shiki/langs/bash.mjs'),
  c: () => import('shiki/langs/c.mjs'),
  cpp: () => import('shiki/langs/cpp.mjs'),
  css: () => import('shiki/langs/css.mjs'),
  diff: () => import('shiki/langs/diff.mjs'),
  go: () => import('shiki/langs/go.mjs'),
  html: () => import('shiki/langs/html.mjs'),
  java: () => import('shiki/langs/java.mjs'),
  javascript: () => import('shiki/langs/javascript.mjs'),
  json: () => import('shiki/langs/json.mjs'),
  markdown: () => import('shiki/langs/markdown.mjs'),
  python: () => import('shiki/langs/python.mjs'),
  ruby: () => import('shiki/langs/ruby.mjs'),
  rust: () => import('shiki/langs/rust.mjs'),
  sql: () => import('shiki/langs/sql.mjs'),
  toml: () => import('shiki/langs/toml.mjs'),
  typescript: () => import('shiki/langs/typescript.mjs'),
  tsx: () => import('shiki/langs/tsx.mjs'),
  yaml: () => import('shiki/langs/yaml.mjs'),
};
const also: Readonly<Record<string, string>> = {
  sh: 'bash',
  shell: 'bash',
  console: 'bash',
  zsh: 'bash',
  js: 'javascript',
  mjs: 'javascript',
  jsx: 'tsx',
  ts: 'typescript',
  py: 'python',
  rb: 'ruby',
  rs: 'rust',
  md: 'markdown',
  yml: 'yaml',
  'c++': 'cpp',
  patch: 'diff',
};

/** More is shown without colours: it would hold up the page. */
const most = 30_000;

let engine: Promise<HighlighterCore> | undefined;

async function start(): Promise<HighlighterCore> {
  const [{ createHighlighterCore }, { createJavaScriptRegexEngine }, light, dark] = await Promise.all([
    import('shiki/core'),
    import('shiki/engine/javascript'),
    import('shiki/themes/github-light-default.mjs'),
    import('shiki/themes/github-dark-default.mjs'),
  ]);
  return createHighlighterCore({
    themes: [light.default, dark.default],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  });
}

/** A piece of code with its colour in a light and in a dark theme. */
export interface Coloured {
  readonly text: string;
  readonly light: string | undefined;
  readonly dark: string | undefined;
}

const colour = (token: ThemedToken, name: string): string | undefined => {
  const { htmlStyle } = token;
  return typeof htmlStyle === 'object' ? htmlStyle[name] : undefined;
};

/** The lines of a code in colours; undefined for a language that is not known, and for what is too long. */
export async function highlighted(
  code: string,
  language: string,
): Promise<readonly (readonly Coloured[])[] | undefined> {
  const name = language.toLowerCase();
  const known = also[name] ?? name;
  const load = languages[known];
  if (!load || code.length > most) return undefined;
  engine ??= start();
  const shiki = await engine;
  if (!shiki.getLoadedLanguages().includes(known)) await shiki.loadLanguage((await load()).default);
  const { tokens } = shiki.codeToTokens(code, {
    lang: known,
    themes: { light: 'github-light-default', dark: 'github-dark-default' },
    defaultColor: false,
  });
  return tokens.map((line) =>
    line.map((token) => ({
      text: token.content,
      light: colour(token, '--shiki-light'),
      dark: colour(token, '--shiki-dark'),
    })),
  );
}
