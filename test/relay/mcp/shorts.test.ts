import { describe, expect, it } from 'vitest';
import { createShorts } from '../../../relay/mcp/shorts.ts';
import { CoterieError } from '../../../schemas/index.ts';

const id = (beginning: string): string => beginning.padEnd(26, 'a');

describe('ids as a model is shown them', () => {
  it('are as short as tells them apart from others shown, and stand for the whole', () => {
    const shorts = createShorts();
    expect(shorts.of(id('qgk7v2b'))).toBe('qgk7v2');
    expect(shorts.of(id('qgk7v2c'))).toBe('qgk7v2c');
    expect(shorts.of(id('mzxw6y'))).toBe('mzxw6y');
    expect(shorts.whole('mzxw6y')).toBe(id('mzxw6y'));
    expect(shorts.whole('[qgk7v2c]')).toBe(id('qgk7v2c'));
    expect(shorts.whole(id('qgk7v2b'))).toBe(id('qgk7v2b'));
  });

  it('a beginning that another got since is ambiguous, and names both', () => {
    const shorts = createShorts();
    shorts.of(id('qgk7v2b'));
    shorts.of(id('qgk7v2c'));
    const refused = () => shorts.whole('qgk7v2');
    expect(refused).toThrow(CoterieError);
    expect(refused).toThrow(
      expect.objectContaining({ code: 'ambiguous', legal: [id('qgk7v2b'), id('qgk7v2c')] }),
    );
  });

  it('what is no beginning of anything shown is left as it is', () => {
    const shorts = createShorts();
    expect(shorts.whole('kai-12')).toBe('kai-12');
    expect(shorts.whole('release-day')).toBe('release-day');
    expect(shorts.whole('mzxw6y')).toBe('mzxw6y');
    expect(shorts.of('general')).toBe('general');
  });

  it('are forgotten, the oldest first, and bounded', () => {
    const shorts = createShorts(2);
    for (const one of ['aaaaaa2', 'bbbbbb2', 'cccccc2']) shorts.of(id(one));
    expect(shorts.whole('aaaaaa')).toBe('aaaaaa');
    expect(shorts.whole('cccccc')).toBe(id('cccccc2'));
  });

  it('a task is called by its short id once that is known', () => {
    const shorts = createShorts();
    shorts.name(id('qgk7v2'), 'kai-12');
    expect(shorts.of(id('qgk7v2'))).toBe('kai-12');
    expect(shorts.named(id('mzxw6y'))).toBeUndefined();
  });
});
