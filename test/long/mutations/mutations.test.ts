import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A fault that is put in by hand: in a file, what stands there and what takes its place. */
interface Mutation {
  readonly what: string;
  readonly edits: readonly (readonly [file: string, there: string, instead: string])[];
  /** What the simulation must say of it. */
  readonly says: RegExp;
}

const mutations: readonly Mutation[] = [
  {
    what: 'reading moves the mark',
    edits: [
      [
        'src/replica/surface-of.ts',
        `    catchUp: async (query) =>
      catchUp(reading, feed, actor.id, checked(schemas.CatchUpQuery, query ?? {}), evidence),`,
        `    catchUp: async (query) => {
      const valid = checked(schemas.CatchUpQuery, query ?? {});
      const answer = await catchUp(reading, feed, actor.id, valid, evidence);
      await core.marks.acknowledge(actor, { receipt: answer.receipt });
      return answer;
    },`,
      ],
    ],
    says: /was never acknowledged|changes all the time/,
  },
  {
    what: 'the epoch is ignored: of two grants the lower stamp holds, and a forced move cuts nothing',
    edits: [
      [
        'src/fold/subjects/claims.ts',
        'a.grant && b.grant ? compareEpochs(b.grant.epoch, a.grant.epoch) : 0',
        '0 * (a.grant && b.grant ? compareEpochs(b.grant.epoch, a.grant.epoch) : 0)',
      ],
      [
        'src/fold/members/judge.ts',
        'begun !== undefined && isLater(begun, term) && !reaches(move.frontier)',
        'begun !== undefined && isLater(begun, term) && !reaches(move.frontier) && term === undefined',
      ],
    ],
    says: /beyond the frontier|two grants of|lower epoch holds/,
  },
  {
    what: 'stamps order before `after`',
    edits: [
      [
        'src/fold/order.ts',
        'const sequence = topological(parents, rootRank);',
        `const sequence = topological(
    parents.map((_, rank) => (rank === rootRank || rootRank === undefined ? [] : [rank > 0 ? rank - 1 : rootRank])),
    rootRank,
  );`,
      ],
    ],
    says: /replaced|: .* at ana, .* at /,
  },
  {
    what: 'a cut answer acknowledges everything',
    edits: [
      [
        'src/replica/writing/marks.ts',
        'const cut = receipt ? await cutBy(actor.id, receipt) : [];',
        'const cut = receipt && !receipt.counts ? await cutBy(actor.id, receipt) : [];',
      ],
    ],
    says: /was never acknowledged/,
  },
];

/** A copy of the sources with a fault in them, or with none. */
function mutated(edits: Mutation['edits']): string {
  const directory = mkdtempSync(join(tmpdir(), 'coterie-mutation-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of [
    'schemas',
    'src',
    'relay',
    'test',
    'scripts',
    'package.json',
    'tsconfig.base.json',
    'vitest.config.ts',
  ])
    cpSync(join(root, name), join(directory, name), { recursive: true });
  for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(directory, name));
  for (const [file, there, instead] of edits) {
    const text = readFileSync(join(directory, file), 'utf8');
    expect(text.split(there), `${file} is not what it was: ${there}`).toHaveLength(2);
    writeFileSync(
      join(directory, file),
      text.replace(there, () => instead),
    );
  }
  return directory;
}

async function simulated(directory: string): Promise<{ code: number | null; said: string }> {
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  // The runs alone: the seeds are to catch it, and not a scene that was written for it. Colours would hide their lines.
  const { FORCE_COLOR: _, ...environment } = process.env;
  const child = spawn(process.execPath, [vitest, 'run', 'test/simulation/coordination/runs.test.ts'], {
    cwd: directory,
    env: {
      ...environment,
      ...{ NO_COLOR: '1', COTERIE_BAIL: '1', COTERIE_RUNS: process.env['COTERIE_RUNS'] ?? '100' },
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (some) => (said += String(some)));
  const code = await new Promise<number | null>((resolve) => void child.once('close', resolve));
  return { code, said };
}

/** The lines of seeds that failed. */
const seedsIn = (said: string): string[] => said.split('\n').filter((line) => /^seed \d+:/.test(line));

it('the simulation of coordination finds nothing in a copy without a fault', async () => {
  const { code, said } = await simulated(mutated([]));
  console.info(`without a fault: ${code === 0 ? 'passes' : said}`);
  expect(seedsIn(said)).toEqual([]);
  expect(code).toBe(0);
});

for (const { what, edits, says } of mutations)
  it(`the simulation of coordination catches it when ${what}`, async () => {
    const { code, said } = await simulated(mutated(edits));
    const [seed] = seedsIn(said);
    console.info(`${what}: ${seed === undefined ? 'not caught' : `caught by ${seed}`}`);
    expect(seed, said).toMatch(says);
    expect(code).toBe(1);
  });
