import type { Entry } from '../../../../schemas/index.ts';
import type * as Original from '../../../../src/replica/workspace/ask-in.ts';
import { askNode } from '../ask-node.ts';

/** The node lets the page's replica in; it has what the page has to know before its first link. */
export const askIn: typeof Original.askIn = async ({ row }) => {
  const { genesis, members, proof, invited } = await askNode();
  // As it was read and checked where it is adopted.
  return { genesis: genesis as Entry, members, proof, invited, epochs: [], name: `${row.as}, in a browser` };
};
