import closeWithGrace from 'close-with-grace';
import { type Node, type NodeOptions, startNode } from './node.ts';

/**
 * Starts a node that is the process: a signal stops it gracefully, a second one at once, and a mistake that nothing
 * caught stops it too, since nobody knows what it left behind.
 */
export async function runNode(
  options: NodeOptions,
  told: { readonly stopping?: (signal: string | undefined) => void } = {},
): Promise<Node> {
  const node = await startNode(options);
  closeWithGrace(
    { delay: 5_000, logger: { error: (...parts: unknown[]) => console.error(...parts) } },
    async ({ signal, err }) => {
      if (err) console.error(err);
      told.stopping?.(signal);
      await node.close();
    },
  );
  return node;
}
