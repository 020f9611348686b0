import { messagesContract } from '../contracts/messages.ts';
import { nodeForTest } from '../support/node.ts';

// Over HTTP, on a node with a replica of its own.
messagesContract(nodeForTest);
