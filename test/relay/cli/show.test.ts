import { describe, expect, it } from 'vitest';
import { handleFrom, isHandle, speaker } from '../../../relay/cli/reach/identity.ts';
import { settingsFrom } from '../../../relay/cli/settings.ts';
import { peers } from '../../../relay/cli/show/machines.ts';
import {
  clean,
  columns,
  facts,
  oneLine,
  shorten,
  table,
  tint,
  type View,
} from '../../../relay/cli/show/terminal.ts';
import { ago, size, typedTime, untilTime } from '../../../relay/cli/show/time.ts';
import { Handle, type Peer } from '../../../schemas/index.ts';

const now = Date.parse('2026-03-04T05:06:07.000Z');
const plain: View = { color: false, width: undefined, now };
const narrow: View = { color: false, width: 40, now };
const earlier = (milliseconds: number) => new Date(now - milliseconds).toISOString();
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000];

describe('text for a terminal', () => {
  it('holds nothing that a terminal would obey', () => {
    const nasty = 'a\u001b[31mred\u0007\u009b31m\u202ereversed\u0000';
    expect(clean(nasty)).toBe('a\ufffd[31mred\ufffd\ufffd31m\ufffdreversed\ufffd');
    expect(clean('one\r\ntwo\tthree')).toBe('one\ntwo\tthree');
    expect(oneLine(' one\n two ')).toBe('one two');
  });

  it.each([
    ['abc', 3],
    ['日本', 4],
    ['e\u0301', 1],
    ['🎉', 2],
    ['👩‍👩‍👧 at home', 10],
    ['🇨🇭', 2],
    ['👍🏽', 2],
    ['❤️', 2],
    ['한국어', 6],
    ['𠮷', 2],
    ['\u200b', 0],
  ])('%s takes %i columns', (text, width) => expect(columns(text)).toBe(width));

  it('is cut to what fits, never through a wide character', () => {
    expect(shorten('abcdef', 4)).toBe('abc…');
    expect(shorten('日本語', 4)).toBe('日…');
    expect(shorten('abc', 3)).toBe('abc');
    expect(shorten('ab👩‍👩‍👧cd', 4)).toBe('ab…');
    expect(shorten('ab👩‍👩‍👧cd', 5)).toBe('ab👩‍👩‍👧…');
    expect(shorten('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
  });

  it('has colours only where the view has', () => {
    expect(tint(plain, 'red', 'x')).toBe('x');
    expect(tint({ ...plain, color: true }, 'red', 'x')).toBe('\u001b[31mx\u001b[0m');
  });
});

describe('tables', () => {
  const items = [
    { name: 'a', text: 'x'.repeat(100) },
    { name: 'long name', text: 'short' },
  ];
  const shape = [
    { title: 'name', of: (item: { name: string }) => item.name },
    { title: 'text', of: (item: { text: string }) => item.text, gives: true },
  ];

  it('fit the terminal, and one column gives way', () => {
    for (const line of table(items, shape, narrow).split('\n')) expect(columns(line)).toBeLessThanOrEqual(40);
  });

  it.each([40, 41, 57, 80, 120])('fit %i columns, whatever is in them', (width) => {
    const words = ['', 'x'.repeat(90), '日本語'.repeat(12), '👩‍👩‍👧'.repeat(20), 'e\u0301'.repeat(70)];
    const rows = words.map((word) => ({ word, back: [...words].reverse().join(' ') }));
    const column = (title: string, more: object = {}) => ({
      title,
      of: ({ word }: { word: string }) => word,
      ...more,
    });
    const shapes = [
      [column('id'), column('title', { gives: true }), column('who')],
      [column('no column'), column('gives way'), column('here', { right: true })],
      Array.from({ length: 10 }, (_, at) => column(`column ${at}`)),
      [column('one', { of: ({ back }: { back: string }) => back, gives: true })],
    ];
    for (const some of shapes) {
      const lines = table(rows, some, { ...plain, width }).split('\n');
      for (const line of lines) expect(columns(line), line).toBeLessThanOrEqual(width);
      expect(lines.join('')).toContain('…');
      const piped = table(rows, some, plain);
      expect(piped).not.toContain('…');
      for (const word of words) expect(piped).toContain(word);
    }
  });

  it('cut nothing that fits, and short columns last', () => {
    const rows = [{ id: 'kai-1', who: 'ann', text: 'y'.repeat(60) }];
    const columnsOf = (['id', 'who', 'text'] as const).map((title) => ({
      title,
      of: (row: { id: string; who: string; text: string }) => row[title],
    }));
    const [, row] = table(rows, columnsOf, narrow).split('\n');
    expect(row).toBe(`kai-1  ann  ${'y'.repeat(27)}…`);
    const wide = { ...plain, width: 200 };
    expect(table(rows, columnsOf, wide)).toBe(table(rows, columnsOf, plain));
  });

  it('cut nothing when programs read them', () => {
    expect(table(items, shape, plain)).toContain('x'.repeat(100));
  });

  it('have no line ends inside a row', () => {
    expect(table([{ name: 'a\nb', text: 'c' }], shape, plain).split('\n')).toHaveLength(2);
  });

  it('facts leave out what has no value', () => {
    expect(
      facts(
        [
          ['a', 'x'],
          ['bcd', 'y'],
          ['e', undefined],
          ['f', ''],
        ],
        plain,
      ),
    ).toBe('a    x\nbcd  y');
  });
});

describe('times', () => {
  it.each([
    [0, 'now'],
    [5 * MINUTE, '5 min ago'],
    [3 * HOUR, '3 h ago'],
    [DAY, '1 day ago'],
    [2 * DAY, '2 days ago'],
    [30 * DAY, '2026-02-02'],
    [-10 * MINUTE, 'in 10 min'],
    [-3 * DAY, 'in 3 days'],
  ])('%i ms before now reads %s', (passed, text) => expect(ago(earlier(passed), now)).toBe(text));

  it.each([
    ['90m', earlier(90 * MINUTE)],
    ['2h', earlier(2 * HOUR)],
    ['3d', earlier(3 * DAY)],
    ['2026-01-01', '2026-01-01T00:00:00.000Z'],
    ['2026-01-01T10:00:00+01:00', '2026-01-01T09:00:00.000Z'],
    ['yesterday', 'yesterday'],
    ['2026-99-99', '2026-99-99'],
  ])('%s is understood', (typed, time) => expect(typedTime(typed, now)).toBe(time));

  it.each([
    ['30s', earlier(-30_000)],
    ['90m', earlier(-90 * MINUTE)],
    ['1w', earlier(-7 * DAY)],
    ['2026-01-01', '2026-01-01T00:00:00.000Z'],
    ['tomorrow', 'tomorrow'],
  ])('%s from now on is understood', (typed, time) => expect(untilTime(typed, now)).toBe(time));

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1500, '1.5 KB'],
    [25_000_000, '25 MB'],
  ])('%i bytes read %s', (bytes, text) => expect(size(bytes)).toBe(text));
});

describe('who speaks', () => {
  it.each([
    ['Zoë Q.', 'zoe-q'],
    ['kai', 'kai'],
    ['DOMAIN\\José Álvarez', 'domain-jose-alvarez'],
    ['..a__b--', 'a_b'],
    ['日本', 'me'],
    ['', 'me'],
    ['x'.repeat(100), 'x'.repeat(32)],
  ])('the user %j becomes %s', (name, handle) => {
    expect(handleFrom(name)).toBe(handle);
    expect(Handle.safeParse(handle).success).toBe(true);
  });

  it.each(['kai', 'a.b-c_d', '', '-a', 'a-', 'a--b', 'A', 'x'.repeat(33), '../x', 'é'])(
    'agrees with the schema about %j',
    (text) => expect(isHandle(text)).toBe(Handle.safeParse(text).success),
  );

  const none = settingsFrom({}, {}, false);
  it('a flag wins over what was kept, that over the user name', () => {
    const kept = { member: 'kai', known: [] };
    const env = { USER: 'zoe' };
    expect(speaker({ ...none, as: 'ann' }, kept, env)).toEqual({ handle: 'ann', named: true });
    expect(speaker(none, kept, env)).toEqual({ handle: 'kai', named: true });
    expect(speaker(none, { known: [] }, env)).toEqual({ handle: 'zoe', named: false });
  });
});

describe('settings', () => {
  it('flags win over the environment, empty variables count as unset', () => {
    const env = { COTERIE_DATA: '/env', COTERIE_AS: '', COTERIE_URL: 'http://u', COTERIE_TOKEN: 't' };
    expect(settingsFrom({ data: '/flag' }, env, false)).toMatchObject({
      data: '/flag',
      as: undefined,
      url: 'http://u',
      token: 't',
    });
  });

  it.each([
    [{}, {}, true, true],
    [{}, {}, false, false],
    [{ color: false }, {}, true, false],
    [{}, { NO_COLOR: '1' }, true, false],
    [{}, { NO_COLOR: '' }, true, true],
    [{}, { TERM: 'dumb' }, true, false],
  ])('flags %j, environment %j, terminal %s: colours %s', (flags, env, terminal, color) => {
    expect(settingsFrom(flags, env, terminal).color).toBe(color);
  });
});

describe('links', () => {
  it('MCH-14 MCH-20: a link of the local network is shown as lan, by its address', () => {
    const one: Peer = {
      replica: 'r'.repeat(26),
      url: 'wss://192.168.1.5:49152',
      upstream: false,
      lan: true,
      state: 'linked',
      since: earlier(HOUR),
      lag: 0,
      syncing: 0,
      acknowledged: earlier(MINUTE),
      digest: 'equal',
      compared: earlier(MINUTE),
      trouble: null,
    };
    const others = [{ url: null }, { url: null, lan: false }, { url: 'http://127.0.0.1:4270', lan: false }];
    const lines = peers([one, ...others.map((more) => ({ ...one, ...more }))], plain).split('\n');
    expect(lines.slice(1).map((line) => line.split(/ {2,}/)[1])).toEqual([
      'lan 192.168.1.5:49152',
      'came in, lan',
      'came in',
      'http://127.0.0.1:4270',
    ]);
  });
});
