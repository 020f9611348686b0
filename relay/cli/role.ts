import { misuse } from './call.ts';

const roles = ['reader', 'member', 'admin', 'owner'] as const;

type Role = (typeof roles)[number];

/** A role as it was typed. */
export async function role(typed: string): Promise<Role>;
export async function role(typed: string | undefined): Promise<Role | undefined>;
export async function role(typed: string | undefined): Promise<Role | undefined> {
  const found = roles.find((one) => one === typed);
  if (typed !== undefined && found === undefined)
    throw await misuse(`there is no role ${typed}`, `One of: ${roles.join(', ')}`, roles);
  return found;
}
