export type { MailboxLimits } from './limits.ts';
export { type Mailboxes, openMailboxes } from './mailboxes.ts';
export type { MailboxSession } from './session.ts';
