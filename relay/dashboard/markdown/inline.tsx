import type { ComponentChildren } from 'preact';
import { ChannelChip, MemberChip, MessageChip, TaskChip } from './chips.tsx';
import { hostOf, isHere, safeLink } from './links.ts';
import { namedIn } from './named.ts';
import type { Token, Tokens } from './parse.ts';
import { piecesOf, plain } from './signs.ts';

/** A text as it is, with its hidden signs shown. */
export function Signs({ text }: { readonly text: string }) {
  return (
    <>
      {piecesOf(text).map((piece) =>
        'text' in piece ? (
          piece.text
        ) : (
          <span class="hidden-sign" title="A sign that is not seen">
            {piece.hidden}
          </span>
        ),
      )}
    </>
  );
}

function Named({ text }: { readonly text: string }) {
  return (
    <>
      {namedIn(text).map((one) => {
        if (one.kind === 'member') return <MemberChip handle={one.handle} text={one.text} />;
        if (one.kind === 'task') return <TaskChip id={one.id} text={one.text} />;
        if (one.kind === 'channel') return <ChannelChip name={one.name} text={one.text} />;
        return <Signs text={one.text} />;
      })}
    </>
  );
}

function Link({ to, text, children }: { to: string; text: string; children: ComponentChildren }) {
  const url = safeLink(plain(to));
  if (!url) return <>{children}</>;
  if (isHere(url)) {
    const [, kind, id] = /^#\/([a-z]+)\/([^/?]+)/.exec(url.hash) ?? [];
    if (kind === 'm' && id !== undefined) return <MessageChip id={decodeURIComponent(id)} text={text} />;
    if (kind === 't' && id !== undefined) return <TaskChip id={decodeURIComponent(id)} text={text} />;
    return <a href={url.hash}>{children}</a>;
  }
  const host = hostOf(url, text);
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
      {host === undefined ? null : <span class="host"> ({host})</span>}
    </a>
  );
}

/** The parts within a line. Whatever is no Markdown is text: nothing here makes an element of what somebody wrote. */
export function Inline({ tokens }: { readonly tokens: readonly Token[] }): ComponentChildren {
  return tokens.map((token) => <Part token={token} />);
}

function Part({ token }: { readonly token: Token }): ComponentChildren {
  const { type } = token;
  const inner = 'tokens' in token && token.tokens ? <Inline tokens={token.tokens} /> : null;
  switch (type) {
    case 'strong':
      return <strong>{inner}</strong>;
    case 'em':
      return <em>{inner}</em>;
    case 'del':
      return <del>{inner}</del>;
    case 'br':
      return <br />;
    case 'codespan':
      return (
        <code>
          <Signs text={plain((token as Tokens.Codespan).text)} />
        </code>
      );
    case 'link': {
      const { href, text } = token as Tokens.Link;
      return (
        <Link to={href} text={text}>
          {inner}
        </Link>
      );
    }
    case 'image': {
      // Nothing is loaded from elsewhere because somebody wrote it.
      const { href, text } = token as Tokens.Image;
      return (
        <Link to={href} text={text}>
          image: {text === '' ? href : text}
        </Link>
      );
    }
    case 'escape':
    case 'text':
      return inner ?? <Named text={plain((token as Tokens.Text).text)} />;
    default:
      return <Signs text={token.raw} />;
  }
}
