// How well search finds: a table, then one line of JSON a system. README.md has the format of a set. From the root:
//   node dist/bench/search/quality.js [--set bench/search/sets/paraphrase] [--split tune|held-out] [--system NAME]
import { parseArgs } from 'node:util';
import { ndcg, recall } from './metrics.ts';
import { type Question, type QuestionSet, readSet } from './sets.ts';
import { type Entrant, entrants } from './systems.ts';

const depth = 10;

const { values: flags } = parseArgs({
  options: {
    set: { type: 'string', default: 'bench/search/sets/paraphrase' },
    split: { type: 'string', default: 'tune' },
    system: { type: 'string', multiple: true },
  },
});

interface Answered {
  readonly question: Question;
  readonly ranked: readonly string[];
}

async function askAll({ memories, questions }: QuestionSet, entrant: Entrant): Promise<Answered[]> {
  const system = await entrant.open(memories);
  try {
    const answered: Answered[] = [];
    for (const question of questions)
      answered.push({ question, ranked: await system.rank(question.text, depth) });
    return answered;
  } finally {
    await system.close();
  }
}

const mean = (figures: readonly number[]): number =>
  figures.reduce((sum, figure) => sum + figure, 0) / figures.length;

/** Means over the questions; NaN when there are none. */
function figuresOf(answered: readonly Answered[]): { ndcg: number; recall: number } {
  return {
    ndcg: mean(answered.map(({ question, ranked }) => ndcg(ranked, question.relevant, depth))),
    recall: mean(answered.map(({ question, ranked }) => recall(ranked, question.relevant, depth))),
  };
}

const { memories, questions } = readSet(flags.set);
const asked = questions.filter(({ split }) => split === flags.split);
if (asked.length === 0) throw new Error(`${flags.set} has no questions of the split ${flags.split}`);
const chosen = entrants.filter(({ name }) => flags.system === undefined || flags.system.includes(name));
if (chosen.length === 0)
  throw new Error(`--system is one of: ${entrants.map(({ name }) => name).join('; ')}`);

const groups = {
  all: () => true,
  'no word shared': ({ question }: Answered) => !question.shares,
  'words shared': ({ question }: Answered) => question.shares,
} satisfies Record<string, (answered: Answered) => boolean>;

const sharing = asked.filter(({ shares }) => shares).length;
console.log(
  `${flags.set}, ${flags.split}: ${memories.length} memories, ${asked.length} questions, ${sharing} share words\n`,
);
const columns = Object.keys(groups).flatMap((name) => [`${name}: nDCG@${depth}`, `recall@${depth}`]);
console.log(`| system | ${columns.join(' | ')} | nothing found |`);
console.log(`|---${'|---:'.repeat(columns.length + 1)}|`);
const lines: string[] = [];
for (const entrant of chosen) {
  const answered = await askAll({ memories, questions: asked }, entrant);
  const figures = Object.entries(groups).map(
    ([name, belongs]) => [name, figuresOf(answered.filter(belongs))] as const,
  );
  const empty = answered.filter(({ ranked }) => ranked.length === 0).length;
  const cells = figures.flatMap(([, { ndcg, recall }]) => [ndcg.toFixed(3), recall.toFixed(3)]);
  console.log(`| ${entrant.name} | ${cells.join(' | ')} | ${empty} |`);
  const record = { system: entrant.name, set: flags.set, split: flags.split, depth, empty };
  lines.push(JSON.stringify({ ...record, ...Object.fromEntries(figures) }));
}
console.log(`\n${lines.join('\n')}`);
