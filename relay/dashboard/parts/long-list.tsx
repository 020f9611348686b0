import type { ComponentChildren, Ref } from 'preact';
import { VList, type VListHandle, type VListProps } from 'virtua';

/** Where a long list is scrolled to, and how that is changed. */
export type LongListHandle = VListHandle;

/** virtua's types are of React, whose refs are called the same and typed otherwise. */
const List = VList as unknown as (
  props: Omit<VListProps, 'ref' | 'children'> & {
    readonly ref?: Ref<LongListHandle> | undefined;
    readonly children: ComponentChildren;
  },
) => ComponentChildren;

/** A list of which only what is seen is made. `shift`: what is added comes before what is there. */
export function LongList({
  handle,
  shift = false,
  onScroll,
  children,
  label,
}: {
  readonly handle?: Ref<LongListHandle> | undefined;
  readonly shift?: boolean;
  readonly onScroll?: ((offset: number) => void) | undefined;
  readonly children: ComponentChildren;
  readonly label?: string | undefined;
}) {
  return (
    <List
      ref={handle}
      shift={shift}
      {...(onScroll ? { onScroll } : {})}
      {...(label === undefined ? {} : { 'aria-label': label })}
      tabIndex={0}
    >
      {children}
    </List>
  );
}
