import { expect, it } from 'vitest';
import { numbers } from '../fold/random.ts';
import { runSeed } from '../support/storage.ts';
import { finishTasks, openPlace, overCommands, overHttp, overMcp, overYjs } from './doors.ts';

it('agents at three doors and a plain Yjs client finish all tasks, and none is granted twice', async () => {
  const seed = runSeed();
  const draw = numbers(seed);
  const place = await openPlace();
  const workers = [overHttp(place), overCommands(place), await overMcp(place), await overYjs(place)];
  for (let round = 0; round < 2; round++) {
    const each = await finishTasks(place, workers, 9, draw);
    expect(
      [...each.values()].reduce((sum, one) => sum + one, 0),
      `seed ${seed}`,
    ).toBe(9);
  }
}, 120_000);
