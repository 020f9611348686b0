import type * as Original from '../../../../src/replica/workspace/key.ts';
import { openPageKey } from '../page-key.ts';

export const keyFileName: typeof Original.keyFileName = 'replica.key';

export const openReplicaKey: typeof Original.openReplicaKey = (directory, random) =>
  openPageKey(directory, random);

const never = async (): Promise<never> => {
  throw new TypeError('a replica in a browser takes no other key; it is joined anew');
};
export const openNextKey: typeof Original.openNextKey = never;
export const useNextKey: typeof Original.useNextKey = never;
