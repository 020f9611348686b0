import { seeded } from '../search/texts.ts';

export { seeded };

const common = (
  'the a to of and in is it for on that this with we not be as are have was but if can you do I so at from by ' +
  'or an will just when there what all get use one work know like now make time think need see want should try ' +
  'code test build branch merge review deploy release issue task error log server client request response data ' +
  'file line path version update change fix bug fail pass run start stop wait check read write open close add ' +
  'remove move rename refactor commit push pull rebase cache queue worker thread memory disk network timeout retry ' +
  'because still already after before again maybe same other first last next new old slow fast broken green red ' +
  'looks seems done blocked ready question answer thanks please sorry okay yes no agreed tomorrow today morning'
).split(' ');

const parts =
  'get set load parse render sync token user index batch frame chunk ledger cursor scope shard flag'.split(
    ' ',
  );
const nouns =
  'Header Store Reader Writer Cache Config Session Handler State Buffer Entry Query Table Route'.split(' ');
const folders = 'src lib test docs app core server client tools pkg'.split(' ');
const ends = 'ts rs go py md json yaml sql'.split(' ');

/** What a team of agents writes to each other: 20 to 300 bytes, most of them short, with names, paths and numbers. */
export function createTexts(seed: number): () => string {
  const random = seeded(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const identifier = (): string => `${pick(parts)}${pick(nouns)}${Math.floor(random() ** 3 * 400) || ''}`;

  function word(): string {
    const draw = random();
    // Words are as unequal as in a language: the first of the list come most often.
    if (draw < 0.86) return common[Math.floor(random() ** 1.7 * common.length)] as string;
    if (draw < 0.93) return identifier();
    if (draw < 0.96) return `\`${pick(folders)}/${pick(parts)}/${identifier()}.${pick(ends)}\``;
    if (draw < 0.98) return `#${Math.floor(random() * 9000)}`;
    return Math.floor(random() * 2 ** 32).toString(16);
  }

  return () => {
    const target = Math.floor(20 * 14 ** random());
    let text = '';
    let begins = true;
    while (text.length < target) {
      const next = word();
      text += `${text === '' ? '' : ' '}${begins ? next.charAt(0).toUpperCase() + next.slice(1) : next}`;
      begins = random() < 0.1;
      if (begins) text += '.';
    }
    return text.length > 300 ? text.slice(0, 300) : text;
  };
}
