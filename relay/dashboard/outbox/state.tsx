import { useReaches } from './reach.ts';

/** Under a message of one's own: how far it has come. */
export function ReachOf({ id }: { readonly id: string }) {
  const reach = useReaches().of.value.get(id);
  if (!reach) return null;
  const words = !reach.node
    ? 'on this device'
    : reach.replicas === 0
      ? 'at the node'
      : `at the node and on ${reach.replicas} more ${reach.replicas === 1 ? 'replica' : 'replicas'}`;
  return (
    <span class={reach.node ? 'reach reach-node' : 'reach'} title={words}>
      <span aria-hidden="true">{reach.node ? '✓✓' : '✓'}</span> {words}
    </span>
  );
}
