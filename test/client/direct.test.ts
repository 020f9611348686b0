import { directContract } from '../contracts/direct.ts';
import { nodeForTest } from '../support/node.ts';

// Over HTTP, on a node with a replica of its own.
directContract(nodeForTest);
