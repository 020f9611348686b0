import type { ComponentChildren } from 'preact';
import { Code } from './code.tsx';
import { Inline, Signs } from './inline.tsx';
import type { Token, Tokens } from './parse.ts';

/** The blocks of a text. */
export function Blocks({ tokens }: { readonly tokens: readonly Token[] }): ComponentChildren {
  return tokens.map((token) => <Block token={token} />);
}

const inlineOf = (token: Token): ComponentChildren =>
  'tokens' in token && token.tokens ? <Inline tokens={token.tokens} /> : <Signs text={token.raw} />;

function Table({ table }: { readonly table: Tokens.Table }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <div class="table" tabIndex={0}>
      <table>
        <thead>
          <tr>
            {table.header.map((cell) => (
              <th scope="col">
                <Inline tokens={cell.tokens} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row) => (
            <tr>
              {row.map((cell) => (
                <td>
                  <Inline tokens={cell.tokens} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function List({ list }: { readonly list: Tokens.List }) {
  const items = list.items.map((item) => (
    <li class={item.task ? 'todo' : undefined}>
      {item.task ? <input type="checkbox" checked={item.checked} disabled aria-label="done" /> : null}
      <Blocks tokens={item.tokens.filter(({ type }) => type !== 'checkbox')} />
    </li>
  ));
  return list.ordered ? <ol start={list.start === '' ? 1 : list.start}>{items}</ol> : <ul>{items}</ul>;
}

function Block({ token }: { readonly token: Token }): ComponentChildren {
  switch (token.type) {
    case 'space':
    case 'def':
      return null;
    case 'paragraph':
      return <p dir="auto">{inlineOf(token)}</p>;
    case 'heading':
      // A heading of a text is none of the page.
      return (
        <p class="heading" dir="auto">
          {inlineOf(token)}
        </p>
      );
    case 'code': {
      const { text, lang = '' } = token as Tokens.Code;
      return <Code code={text} language={lang.split(/\s/)[0] ?? ''} />;
    }
    case 'blockquote':
      return (
        <blockquote>
          <Blocks tokens={(token as Tokens.Blockquote).tokens} />
        </blockquote>
      );
    case 'list':
      return <List list={token as Tokens.List} />;
    case 'table':
      return <Table table={token as Tokens.Table} />;
    case 'hr':
      return <hr />;
    case 'text':
      return <span dir="auto">{inlineOf(token)}</span>;
    default:
      return (
        <p dir="auto">
          <Signs text={token.raw} />
        </p>
      );
  }
}
