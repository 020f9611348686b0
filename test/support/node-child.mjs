// A node as a process of its own, from the built files: started by tests that kill it.
// Prints one line of JSON, { url }, when it listens.
import { startNode } from '../../dist/relay/index.js';

const [directory, config, state] = process.argv.slice(2);
const node = await startNode({ directory, config, state, as: 'kai', port: 0, durability: 'os' });
process.stdout.write(`${JSON.stringify({ url: node.url })}\n`);
