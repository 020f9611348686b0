import { expect, it } from 'vitest';
import { numbers } from '../../fold/random.ts';
import { finishTasks, openPlace, overCommands, overHttp, overMcp, overYjs } from '../../scenarios/doors.ts';
import { runSeed } from '../../support/storage.ts';

it('agents at three doors and a plain Yjs client finish 30 tasks in each of 10 rounds, none granted twice', async () => {
  const seed = runSeed();
  const draw = numbers(seed);
  const place = await openPlace();
  const workers = [overHttp(place), overCommands(place), await overMcp(place), await overYjs(place)];
  for (let round = 0; round < 10; round++) {
    const each = await finishTasks(place, workers, 30, draw);
    console.log(`round ${round}: ${[...each].map(([name, count]) => `${name} ${count}`).join(', ')}`);
    expect(
      [...each.values()].reduce((sum, one) => sum + one, 0),
      `seed ${seed}`,
    ).toBe(30);
  }
});
