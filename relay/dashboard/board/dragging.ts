import { draggable, dropTargetForElements } from '@atlaskit/pragmatic-drag-and-drop/element/adapter';

/** A card can be taken; returns what ends that. */
export const takeable = (element: HTMLElement, id: string): (() => void) =>
  draggable({ element, getInitialData: () => ({ task: id }) });

/** A column takes cards; returns what ends that. */
export const takes = (
  element: HTMLElement,
  onDrop: (task: string) => void,
  onOver: (over: boolean) => void,
): (() => void) =>
  dropTargetForElements({
    element,
    canDrop: ({ source }) => typeof source.data['task'] === 'string',
    onDragEnter: () => onOver(true),
    onDragLeave: () => onOver(false),
    onDrop({ source }) {
      onOver(false);
      onDrop(String(source.data['task']));
    },
  });
