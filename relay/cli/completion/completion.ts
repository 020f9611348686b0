import { misuse, type Verb } from '../call.ts';
import { bash } from './bash.ts';
import { fish } from './fish.ts';
import { model, shells } from './model.ts';
import { zsh } from './zsh.ts';

const scripts = { bash, zsh, fish };

/** Prints the completion of a shell. */
export const completion: Verb = async (call) => {
  const shell = shells.find((one) => one === call.arg(0));
  if (shell === undefined)
    throw await misuse(`there is no completion for ${call.arg(0)}`, `One of: ${shells.join(', ')}`, shells);
  const script = scripts[shell](model(call.table));
  if (call.out.json) call.out.data({ shell, script });
  else call.out.print(script);
  return undefined;
};
