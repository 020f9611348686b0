import { CoterieError } from '../../../../schemas/index.ts';
import type * as Original from '../../../../src/replica/upkeep/maintenance.ts';

const elsewhere = async (): Promise<never> => {
  throw new CoterieError('unsupported', 'This is done at the node, not in a browser.', {
    hint: 'Run it with the command line: coterie --help',
  });
};

export const maintenanceOf: typeof Original.maintenanceOf = () => ({
  import: elsewhere,
  export: elsewhere,
  backup: elsewhere,
  compact: elsewhere,
  doctor: elsewhere,
});
