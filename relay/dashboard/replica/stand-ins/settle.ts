import { keys } from '../../../../src/replica/commit/rows.ts';
import type * as Original from '../../../../src/replica/workspace/settle.ts';
import { askNode } from '../ask-node.ts';

export const rowFor: typeof Original.rowFor = ({ id, name, machine, maker }, as) => ({
  id,
  name,
  machine: machine.publicKey,
  maker,
  as,
});

/** The workspace is the node's, and so is the machine that lets this replica in. */
export const settle: typeof Original.settle = async ({ database, known, as }) => {
  const isIn = known && (await database.getConfirmed(keys.segment('members'))) !== undefined;
  if (isIn) return { row: known, chosen: undefined, isNew: false };
  const { workspace, machine, maker } = await askNode();
  return { row: { ...workspace, machine, maker, as }, chosen: undefined, isNew: true };
};
