export { type Counts, openCounts } from './counts.ts';
export { type MailboxLimits, usualLimits } from './limits.ts';
export type { Proven } from './mailbox.ts';
export { type Mailboxes, type MailboxesOptions, openMailboxes } from './mailboxes.ts';
export type { MailboxSession } from './session.ts';
