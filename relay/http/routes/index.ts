import type { Route } from '../route.ts';
import { adminRoutes } from './admin.ts';
import { channelRoutes } from './channels.ts';
import { documentRoutes } from './document.ts';
import { eventRoutes } from './events.ts';
import { machineRoutes } from './machines.ts';
import { memberRoutes } from './members.ts';
import { memoryRoutes } from './memory.ts';
import { messageRoutes } from './messages.ts';
import { presenceRoutes } from './presence.ts';
import { readingRoutes } from './reading.ts';
import { remoteRoutes } from './remotes.ts';
import { reservationRoutes } from './reservations.ts';
import { sessionRoutes } from './sessions.ts';
import { systemRoutes } from './system.ts';
import { taskRoutes } from './tasks.ts';

const described: readonly Route[] = [
  ...memberRoutes,
  ...machineRoutes,
  ...remoteRoutes,
  ...sessionRoutes,
  ...channelRoutes,
  ...messageRoutes,
  ...taskRoutes,
  ...memoryRoutes,
  ...reservationRoutes,
  ...readingRoutes,
  ...presenceRoutes,
  ...eventRoutes,
  ...adminRoutes,
  ...systemRoutes,
];

/** Every route of a node. A literal path stands before a pattern that it fits. */
export const routes: readonly Route[] = [...described, ...documentRoutes(described)];
