import type { InboxItem } from '../../../schemas/index.ts';
import { href } from '../app/router.ts';

/** Where an item is answered. */
export function placeOf({ kind, subject, place }: InboxItem): string {
  if (['review', 'assigned', 'lost'].includes(kind)) return href(['t', place ?? subject]);
  if (['direct', 'mention', 'group', 'reply', 'followed'].includes(kind)) return href(['m', subject]);
  if (place !== undefined && /-\d+$/.test(place)) return href(['t', place]);
  return href(['search'], { q: `id:${subject}` });
}
