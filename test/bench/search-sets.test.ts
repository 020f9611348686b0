import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sharedWords } from '../../bench/search/overlap.ts';
import { type Question, readSet } from '../../bench/search/sets.ts';
import { seeded } from '../../bench/search/texts.ts';
import { root } from '../repo/files.ts';
import { scratch } from '../support/scratch.ts';

const { memories, questions } = readSet(join(root, 'bench/search/sets/paraphrase'));
const memory = new Map(memories.map((one) => [one.id, one]));

/** Those that are tuned on: half of each kind, drawn by seed. */
function drawn(seed: number): Set<string> {
  const random = seeded(seed);
  const ids: string[] = [];
  for (const shares of [false, true]) {
    const kind = questions.filter((question) => question.shares === shares).map(({ id }) => id);
    for (let i = kind.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [kind[i], kind[j]] = [kind[j] as string, kind[i] as string];
    }
    ids.push(...kind.slice(0, Math.floor(kind.length / 2)));
  }
  return new Set(ids);
}

const sharing = ({ text, relevant }: Question): string[] =>
  relevant.flatMap(({ id }) => sharedWords(text, memory.get(id) ?? { id, text: '' }));

describe('the paraphrase set', () => {
  it('says of each question whether it shares a word with what is relevant', () => {
    const wrong = questions
      .map((question) => ({ id: question.id, shares: question.shares, words: sharing(question) }))
      .filter(({ shares, words }) => shares !== words.length > 0);
    expect(wrong).toEqual([]);
    expect(questions.filter(({ shares }) => !shares).length).toBeGreaterThanOrEqual(85);
    expect(questions.filter(({ shares }) => shares).length).toBeGreaterThanOrEqual(25);
    expect(memories.length).toBeGreaterThanOrEqual(400);
  });

  it('holds out half, as its seed says', () => {
    const tune = drawn(6);
    const wrong = questions.filter(({ id, split }) => (split === 'tune') !== tune.has(id));
    expect(wrong.map(({ id }) => id)).toEqual([]);
  });

  it('has an answer to each question, and no text twice', () => {
    expect(questions.filter(({ relevant }) => !relevant.some(({ grade }) => grade === 2))).toEqual([]);
    for (const texts of [memories.map(({ text }) => text), questions.map(({ text }) => text)])
      expect(new Set(texts).size).toBe(texts.length);
  });
});

describe('words that are shared', () => {
  const shared = (question: string, text: string, ...tags: string[]) =>
    sharedWords(question, { id: 'm', text, tags });

  it('are found in other forms, and in tags', () => {
    expect(shared('Which tests failed?', 'A failing test')).toEqual(['tests', 'failed']);
    expect(shared('Who pays?', 'Payment is due')).toEqual([]);
    expect(shared('Where is the database?', 'In Frankfurt', 'database')).toEqual(['database']);
    expect(shared('A café opens', 'the CAFE')).toEqual(['cafe']);
  });

  it('are no function words', () => {
    expect(shared('What should we do with it?', 'We should do it with care')).toEqual([]);
  });
});

describe('a set of others', () => {
  const written = (memoriesJson: unknown, questionsJson: unknown): string => {
    const folder = scratch();
    writeFileSync(join(folder, 'memories.json'), JSON.stringify(memoriesJson));
    writeFileSync(join(folder, 'questions.json'), JSON.stringify(questionsJson));
    return folder;
  };
  const question = {
    id: 'q',
    text: 't',
    relevant: [{ id: 'm', grade: 2 }],
    split: 'tune',
    shares: false,
  };

  it('is read, or refused with the place of what is wrong', () => {
    expect(readSet(written([{ id: 'm', text: 't' }], [question])).questions).toEqual([question]);
    expect(() => readSet(written([{ id: 'n', text: 't' }], [question]))).toThrow('names the memory m');
    expect(() => readSet(written([{ id: 'm' }], [question]))).toThrow(/memories\.json[\s\S]*text/);
    expect(() => readSet(written([{ id: 'm', text: 't' }], [question, question]))).toThrow(
      'q is there twice',
    );
    const graded = { ...question, relevant: [{ id: 'm', grade: 3 }] };
    expect(() => readSet(written([{ id: 'm', text: 't' }], [graded]))).toThrow(/questions\.json[\s\S]*grade/);
  });
});
