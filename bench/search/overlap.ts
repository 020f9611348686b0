// Whether a question shares a content word with a memory: rough, and strict rather than lax.
import type { SetMemory } from './sets.ts';

/** English words that carry no content here. Longer than what search leaves out: it decides nothing but a label. */
const functionWords = new Set(
  `a about after again against all alone already also am among an and another any anybody anyone anything are around as
  ask at away be because been before being between both but by can cannot could couldn did do does doesn doing don done
  down during each else end enough ever every everybody everything few for from further get give given go goes going
  gone got had has have having he her here him his how if in instead into is isn it its itself just keep last least less
  let like ll long made make makes many may me might mine more most much must my need needs never new no nobody none nor
  not nothing now of off on once one ones only onto or other others our out over own per put rather re same see she
  should shouldn since so some somebody someone something soon still such take takes than that the their them then there
  these they thing things this those though through till to together too two under until up upon us use used uses using
  ve very want was way we well went were what when where whether which while who whom whose why will with within without
  won would yes yet you your`.split(/\s+/),
);

const endings = ['ings', 'ing', 'ies', 'ed', 'es', 'ly', 'er', 's', 'e', 'y'];

function contentWords(text: string): string[] {
  const plain = text.toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '');
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length > 1 && !functionWords.has(word));
}

function withoutEnding(word: string): string {
  const ending = endings.find((one) => word.endsWith(one) && word.length - one.length >= 3);
  return ending === undefined ? word : word.slice(0, -ending.length);
}

function alike(one: string, other: string): boolean {
  const [short, long] = [withoutEnding(one), withoutEnding(other)].sort((a, b) => a.length - b.length);
  if (short === undefined || long === undefined) return false;
  return short.slice(0, 5) === long.slice(0, 5) || (short.length >= 4 && long.startsWith(short));
}

/** The content words of a question that are in the memory's text or tags too, in whatever form. */
export function sharedWords(question: string, memory: SetMemory): string[] {
  const known = contentWords([memory.text, ...(memory.tags ?? [])].join(' '));
  return contentWords(question).filter((word) => known.some((other) => alike(word, other)));
}
