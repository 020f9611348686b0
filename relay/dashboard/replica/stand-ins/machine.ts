import type * as Original from '../../../../src/replica/workspace/machine.ts';

/** The secret of the machine is the node's. */
export const findMachineWorkspace: typeof Original.findMachineWorkspace = async () => undefined;
