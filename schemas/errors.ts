import { exitCodes as x } from './exit-codes.ts';

export { exitCodes } from './exit-codes.ts';

interface ErrorKind {
  /** HTTP status. */
  readonly status: number;
  /** Exit code of the command line. */
  readonly exit: number;
  /** What it means, one sentence, as in the documentation. */
  readonly meaning: string;
  /** What to do, when the place that raised it has nothing better to say. */
  readonly hint: string;
}

const kind = (status: number, exit: number, meaning: string, hint: string): ErrorKind => ({
  status,
  exit,
  meaning,
  hint,
});

/** Every error that a user can meet: the closed list. Documented in docs/errors.md, which a test keeps equal. */
export const errorKinds = {
  invalid_json: kind(
    400,
    x.usage,
    'The request body is not JSON.',
    'Send one JSON object with content-type application/json.',
  ),
  invalid: kind(
    400,
    x.usage,
    'A field is missing, unknown or of the wrong type.',
    'The message names the field; see the schema of this request.',
  ),
  usage: kind(
    400,
    x.usage,
    'The command line has an unknown verb, flag or argument.',
    'Run the verb with --help.',
  ),
  too_large: kind(
    413,
    x.usage,
    'A text or request is larger than allowed.',
    'Texts hold at most 64 KB; share larger content as a file and link it.',
  ),
  unauthorized: kind(
    401,
    x.notAllowed,
    'No bearer token, or one that this node did not issue.',
    'Print a token with: coterie token HANDLE',
  ),
  forbidden: kind(
    403,
    x.notAllowed,
    'The member may not do this.',
    'Ask an admin of the workspace, or act as the author.',
  ),
  not_admitted: kind(
    403,
    x.notAllowed,
    'The key that was proved is no replica of this workspace, or was revoked.',
    'Join again with a fresh ticket; trying again changes nothing.',
  ),
  bad_host: kind(
    403,
    x.notAllowed,
    'The Host or Origin header is not one of this node.',
    'Use the URL that the node printed.',
  ),
  not_found: kind(
    404,
    x.notFound,
    'No such thing in this workspace.',
    'Check the id; lists show what exists.',
  ),
  no_route: kind(404, x.notFound, 'No such path on this node.', 'The README lists the routes.'),
  bad_method: kind(405, x.usage, 'The path exists, the method does not.', 'See the Allow header.'),
  ambiguous: kind(
    409,
    x.conflict,
    'A short name stands for more than one thing.',
    'Use one of the longer forms.',
  ),
  conflict: kind(
    409,
    x.conflict,
    'The thing changed, or is held by someone else.',
    'Read it again and decide with what you see.',
  ),
  exists: kind(
    409,
    x.conflict,
    'A thing with this name exists already.',
    'Use the existing one or another name.',
  ),
  illegal_move: kind(
    409,
    x.conflict,
    'The status does not allow this move.',
    'Choose one of the legal moves.',
  ),
  held: kind(409, x.conflict, 'Another member holds the claim.', 'Take another task, or talk to the holder.'),
  not_certain: kind(
    504,
    x.unreachable,
    'The arbiter did not answer in time, so nothing is certain.',
    'Ask again, or go on with what is tentative.',
  ),
  not_held: kind(
    409,
    x.conflict,
    'The member holds no claim on this task, or this reservation is over.',
    'Claim it first, or reserve again.',
  ),
  cycle: kind(409, x.conflict, 'The link would close a cycle.', 'Remove a link of the cycle first.'),
  redacted: kind(409, x.conflict, 'The text was removed.', 'Write something new instead.'),
  archived: kind(409, x.conflict, 'The channel is archived.', 'Unarchive it or choose another channel.'),
  too_many_hops: kind(
    409,
    x.conflict,
    'Agents answered each other here as often as the channel allows.',
    'Let a human say something there first, or do something else than answer.',
  ),
  key_reused: kind(
    409,
    x.conflict,
    'The idempotency key was used with other content.',
    'Use a new key for new content.',
  ),
  cursor_unknown: kind(
    409,
    x.conflict,
    'The cursor is of another epoch or from the future.',
    'Read the state again and start from the present end.',
  ),
  receipt_unknown: kind(
    409,
    x.conflict,
    'The receipt is not one of this member here.',
    'Ask catch-up again for a fresh receipt.',
  ),
  invalid_query: kind(
    400,
    x.usage,
    'The query of a search cannot be meant.',
    'The message names the column; see the words of a query in docs/search.md.',
  ),
  ticket_invalid: kind(
    400,
    x.usage,
    'The ticket is cut short, damaged or none of Coterie.',
    'Copy it whole, from "http" to the last character of its code.',
  ),
  ticket_expired: kind(
    403,
    x.notAllowed,
    'The ticket was not used in time, or was revoked.',
    'Ask for another; an admin makes one with: coterie invite',
  ),
  ticket_used: kind(
    403,
    x.notAllowed,
    'The ticket was used as often as it may be.',
    'Ask for another; an admin makes one with: coterie invite',
  ),
  ticket_elsewhere: kind(
    404,
    x.notFound,
    'Who answered is not the relay that gave out the ticket.',
    'Ask who invited you whether their node runs, or for another ticket.',
  ),
  ticket_lost: kind(
    404,
    x.notFound,
    'The relay of the ticket does not have it, or not any more.',
    'It is over for long, or the relay lost it. Ask for another; an admin makes one with: coterie invite',
  ),
  relay_changed: kind(
    409,
    x.conflict,
    'Another key answers where a relay was.',
    'If it was set up anew: coterie remote remove URL, then add it again. If not, somebody stands in between.',
  ),
  relay_tampered: kind(
    409,
    x.conflict,
    'A sealed relay does not show what it was given, or not as it was.',
    'Nothing here is lost. Sync with the others by another way, and do not trust this relay.',
  ),
  protocol_newer: kind(
    426,
    x.conflict,
    'The other side speaks no version of the protocol that this one knows.',
    'Install a newer version of Coterie, here or there.',
  ),
  import_invalid: kind(
    422,
    x.usage,
    'The file is not what the importer reads.',
    'The message names the file and the place in it.',
  ),
  import_unsafe: kind(
    422,
    x.usage,
    'An archive holds an entry that escapes its folder or inflates without end.',
    'Do not trust this archive.',
  ),
  directory_locked: kind(
    409,
    x.conflict,
    'Another process owns the data directory.',
    'Use the running node, or end it first.',
  ),
  directory_newer: kind(
    409,
    x.conflict,
    'The data directory was written by a newer version.',
    'Install that version or a newer one.',
  ),
  directory_unreadable: kind(
    500,
    x.failed,
    'The data directory cannot be used.',
    'Check the path and its permissions.',
  ),
  too_slow: kind(
    408,
    x.unreachable,
    'The request took too long to arrive.',
    'Send it again, whole: the head within 10 s, the body within 30 s.',
  ),
  directory_not_empty: kind(
    409,
    x.conflict,
    'The target directory holds something already.',
    'Name a directory that is empty or does not exist.',
  ),
  restored: kind(
    409,
    x.conflict,
    'This directory was restored from a backup and has not met a peer yet.',
    'Let it sync first, or take a new key with: coterie restore --alone',
  ),
  disk_full: kind(
    507,
    x.failed,
    'Free space is below the reserve; nothing was written.',
    'Free some space and send it again.',
  ),
  storage_failed: kind(
    503,
    x.unreachable,
    'The disk refused a write; it is not known to be stored.',
    'Send it again with the same Idempotency-Key.',
  ),
  storage_corrupt: kind(
    500,
    x.failed,
    'Stored data is damaged.',
    'See what: coterie doctor; fill a fresh directory from peers: coterie doctor --quarantine',
  ),
  rate_limited: kind(
    429,
    x.unreachable,
    'This member asked too often.',
    'Wait as long as Retry-After says, then send it again with the same Idempotency-Key.',
  ),
  busy: kind(
    503,
    x.unreachable,
    'Too much is waiting to be written.',
    'Send it again shortly, with the same Idempotency-Key.',
  ),
  needs_tls: kind(
    400,
    x.usage,
    'A door that other machines reach would not be encrypted.',
    'Give --tls-cert and --tls-key, or --behind-proxy with the URL of who ends TLS in front of it.',
  ),
  tls_unusable: kind(
    500,
    x.failed,
    'A certificate or its key cannot be used.',
    'The message names the file and what is wrong with it.',
  ),
  port_busy: kind(409, x.conflict, 'The port is taken by another program.', 'Choose another with --port.'),
  unreachable: kind(503, x.unreachable, 'No node answered.', 'Start one with: coterie up'),
  closed: kind(503, x.unreachable, 'The replica is closing.', 'Send it again to the node when it is back.'),
  unsupported: kind(
    501,
    x.usage,
    'This version does not do that yet.',
    'See "What is not there yet" in the README.',
  ),
  internal: kind(
    500,
    x.failed,
    'Coterie made a mistake.',
    'Report it with the log; what was acknowledged is safe.',
  ),
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;
export const errorCodes = Object.keys(errorKinds) as ErrorCode[];
