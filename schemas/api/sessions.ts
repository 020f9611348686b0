import { z } from 'zod';
import { Role } from '../values.ts';
import { Time } from './common.ts';

/** Lets one page in, once. */
export const Login = z.strictObject({
  /** The page, with a secret behind its `#` that no server ever sees in an address. */
  url: z.string(),
  expires: Time,
});
export type Login = z.infer<typeof Login>;

export const SessionBegin = z.strictObject({
  /** What stands behind `#t=` in the URL of a login. */
  login: z.string().min(1).max(128),
});
export type SessionBegin = z.infer<typeof SessionBegin>;

/** A page that speaks as a member. */
export const SessionInfo = z.strictObject({
  id: z.string(),
  began: Time,
  used: Time,
  /** When it ends, unless it is used until then; at the latest seven days after it began. */
  expires: Time,
  /** Whether it is the one that asks. */
  current: z.boolean(),
});
export type SessionInfo = z.infer<typeof SessionInfo>;

/** Who asks. */
export const Speaker = z.strictObject({
  handle: z.string(),
  role: Role,
  /** Null for who asks with a token. */
  session: SessionInfo.nullable(),
});
export type Speaker = z.infer<typeof Speaker>;

export const SessionsEnd = z.strictObject({
  /** All of the member; else the one that asks. With a token always all. */
  all: z.stringbool().optional(),
});
