import { z } from 'zod';
import { CoterieError } from '../../../schemas/index.ts';
import { check } from '../../http/input.ts';
import { shorten } from '../../http/shorten.ts';
import { tool } from '../tool.ts';
import { methodOf, type Verb, type VerbName, verbs, written } from './verbs.ts';

const all: Readonly<Record<string, Verb>> = verbs;

/** Queries are written for a query string, where true is a word. */
const asQuery = (given: object): object =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name, typeof value === 'boolean' ? String(value) : value]),
  );

/** The input of a verb, checked by its own schema. */
function inputOf({ names, input, writes }: Verb, args: readonly unknown[]): unknown[] {
  const given = args[names.length] ?? {};
  if (args.length > names.length + (input ? 1 : 0))
    throw new CoterieError('invalid', 'args: there are too many');
  if (typeof given !== 'object') throw new CoterieError('invalid', 'args: the last one is an object');
  if (!input) return [];
  return [check(input, writes ? given : asQuery(given))];
}

export const otherTool = tool({
  name: 'other',
  description: 'Any other verb: messages.react with args [id, "tada"]. Without verb: lists them.',
  input: z.strictObject({
    verb: z.string().max(64).optional(),
    args: z
      .array(z.union([z.string(), z.record(z.string(), z.unknown())]))
      .max(4)
      .optional(),
  }),
  async run({ verb: name, args = [] }, { team, shorts, key }) {
    const list = Object.entries(all).map(([one, verb]) => written(one, verb));
    if (name === undefined) return { text: list.join('\n'), answer: { verbs: list } };
    const verb = Object.hasOwn(all, name) ? all[name] : undefined;
    if (verb === undefined)
      throw new CoterieError('invalid', `verb: there is no ${name} here`, { legal: Object.keys(all) });
    const names = verb.names.map((one, at) => {
      const given = args[at];
      if (typeof given !== 'string' || given === '')
        throw new CoterieError('invalid', `args: ${one} is missing`, {
          hint: `Write ${written(name, verb)}`,
        });
      return shorts.whole(given);
    });
    const input = inputOf(verb, args);
    const answer = await methodOf(team, name as VerbName)(
      ...names,
      ...input,
      ...(verb.writes ? [{ key }] : []),
    );
    return { text: JSON.stringify(shorten(answer, { compact: true })), answer };
  },
});
