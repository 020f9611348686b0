import type { Client } from '../../../src/client/index.ts';

/**
 * How the page reaches its workspace: the verbs, as the member that is logged in. The node answers them over HTTP, or the
 * page's own replica does; what is shown does not depend on which.
 */
export type Door = Omit<Client, 'backup' | 'compact' | 'doctor'>;
