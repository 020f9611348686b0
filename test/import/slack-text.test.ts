import { describe, expect, it } from 'vitest';
import { type TextNames, toMarkdown } from '../../src/import/slack/text.ts';

const names: TextNames = {
  handle: (id) => ({ U1: 'kai', U2: 'zoe' })[id],
  channel: (id) => ({ C1: 'dev' })[id],
};

describe("Slack's text as Markdown", () => {
  it.each([
    ['plain', 'plain'],
    ['a &amp; b &lt; c &gt; d', 'a & b < c > d'],
    ['Vec&lt;T&gt;', 'Vec\\<T>'],
    ['&amp;lt;', '&lt;'],
    ['hi <@U1> and <@U2|zoe>', 'hi @kai and @zoe'],
    ['<@U9|someone> <@U8>', '@someone @U8'],
    ['see <#C1|old-name> or <#C9|other>', 'see #dev or #other'],
    ['<!here> <!channel>', '@here @channel'],
    ['<!subteam^S1|@core> <!date^1^{date}|May 1>', '@core May 1'],
    ['<https://example.com/a?b=1&amp;c=2>', '<https://example.com/a?b=1&c=2>'],
    ['<https://example.com|an example>', '[an example](https://example.com)'],
    ['<https://example.com/a_(b)|x [y]>', '[x \\[y\\]](<https://example.com/a_(b)>)'],
    ['<mailto:kai@example.com|kai@example.com>', '[kai@example.com](mailto:kai@example.com)'],
    ['*bold* and _slanted_ and ~gone~', '**bold** and _slanted_ and ~gone~'],
    ['*a* *b*, 2*3*4', '**a** **b**, 2*3*4'],
    ['`*code* &lt;T&gt; <https://example.com>`', '`*code* <T> https://example.com`'],
    ['&gt; quoted', '> quoted'],
    [':tada: stays', ':tada: stays'],
    ['one ```line &lt;x&gt;``` more', 'one ```line <x>``` more'],
    ['```a\nb```', '```\na\nb\n```'],
    ['see:```\na\n``` then', 'see:\n```\na\n```\n then'],
    ['```a\nb```\nafter', '```\na\nb\n```\nafter'],
    ['open ``` only *b*', 'open ``` only **b**'],
    ['<not a link>', '<not a link>'],
  ])('%j', (slack, markdown) => {
    expect(toMarkdown(slack, names).text).toBe(markdown);
  });

  it('names each user once, and everyone present', () => {
    expect(toMarkdown('<@U2> <@U1> <@U2> <!here>', names)).toMatchObject({ users: ['U2', 'U1'], here: true });
    expect(toMarkdown('here', names)).toMatchObject({ users: [], here: false });
  });

  it('takes time in proportion to hostile text', () => {
    for (const unit of ['<', '`', '*a', '```', '<@', '<a|', '&lt;'])
      expect(toMarkdown(unit.repeat(20_000), names).text.length).toBeGreaterThan(0);
  }, 5000);
});
