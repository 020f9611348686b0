import { CoterieError } from '../schemas/index.ts';

/** What is answered to whoever comes while a node stops, and what its work ends with. */
export const stopping = (): CoterieError => new CoterieError('closed', 'The node is stopping.');
