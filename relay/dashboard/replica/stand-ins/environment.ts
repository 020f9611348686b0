import type * as Original from '../../../../src/replica/environment.ts';
import { asCoterie } from '../../../../src/replica/failures.ts';
import { pooledRandom } from '../../../../src/replica/random.ts';
import { openStorage } from '../storage.ts';

export const configDirectory: typeof Original.configDirectory = () => '';

export const openDirectory: typeof Original.openDirectory = async ({ directory }) => {
  try {
    return await openStorage(directory);
  } catch (error) {
    throw asCoterie(error);
  }
};

export const realTimer: typeof Original.realTimer = (task, ms) => {
  const timer = setTimeout(task, ms);
  return () => clearTimeout(timer);
};

/** Browsers warn of nothing. */
export const manyListen: typeof Original.manyListen = () => undefined;

export const completed: typeof Original.completed = ({
  now = Date.now,
  monotonic = () => performance.now(),
  random = pooledRandom,
  timer = realTimer,
  memory = () => 0,
  patience = 300,
}) => ({ now, monotonic, random, timer, memory, patience });
