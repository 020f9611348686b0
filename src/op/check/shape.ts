import {
  type Entry,
  type Header,
  type LogKind,
  limits,
  type OperationState,
  type OperationType,
  operationType,
  type PublicKey,
} from '../../../schemas/index.ts';
import type { Crypto } from '../crypto.ts';
import { directId } from '../names.ts';
import { judgeHeader } from './header.ts';

const fine: OperationState = { state: 'counted' };
const newer: OperationState = { state: 'waiting', for: [{ kind: 'version' }] };
const bodiless: OperationState = { state: 'waiting', for: [{ kind: 'body' }] };

const rejected = (message: string): OperationState => ({ state: 'rejected', reason: 'schema', message });

/** The kind of a log from its name: what stands before the first dot. A direct conversation is a channel. */
export const logKind = (log: string): LogKind => {
  const dot = log.indexOf('.');
  const kind = dot < 0 ? log : log.slice(0, dot);
  return (kind === 'direct' ? 'channel' : kind) as LogKind;
};

/** What stands behind the dot: a channel's or a member's id; empty in other logs. */
export const logOwner = (log: string): string => {
  const dot = log.indexOf('.');
  return dot < 0 ? '' : log.slice(dot + 1);
};

type Fit = 'fits' | 'newer' | { readonly message: string };

/** Unknown fields alone may come from a later version; any other complaint is final. */
function compare(schema: OperationType['data'], value: unknown, name: string): Fit {
  const result = schema.safeParse(value);
  if (result.success) return 'fits';
  const wrong = result.error.issues.find((issue) => issue.code !== 'unrecognized_keys');
  if (!wrong) return 'newer';
  return { message: `${[name, ...wrong.path].join('.')}: ${wrong.message}` };
}

const needsBody = new Map<OperationType, boolean>();

/** Whether a type has a text that must be there. */
function bodyRequired(type: OperationType): boolean {
  if (!type.body) return false;
  let required = needsBody.get(type);
  if (required === undefined) {
    required = !type.body.safeParse({ salt: 'a'.repeat(26) }).success;
    needsBody.set(type, required);
  }
  return required;
}

/** Rules between header fields that hold for every type. */
function headerRule(header: Header, type: OperationType): string | undefined {
  const genesis = header.type === 'workspace.genesis';
  if (!type.logs.includes(logKind(header.log)))
    return `${header.type} does not stand in the log ${header.log}`;
  if ((header.subject === '') !== (type.subject === 'creation'))
    return header.subject === '' ? 'subject is missing' : 'a creation has no subject';
  if ((header.workspace === '') !== genesis) return 'only the genesis has no workspace';
  if (type.subject === 'workspace' && header.subject !== header.workspace)
    return 'subject is not the workspace';
  if ((header.member === undefined) !== type.replicaSpeaks)
    return type.replicaSpeaks ? 'the replica speaks for itself here' : 'member is missing';
  if ((header.seq === 1) !== (header.prev === '')) return 'only the first operation of a chain has no prev';
  if (genesis && header.seq !== 1) return 'the genesis is the first operation';
  if (header.type === 'redact' && header.members === undefined) return 'a redact carries members';
  if (logKind(header.log) === 'marks' && header.member !== undefined) {
    if (logOwner(header.log) !== header.member) return 'a marks log is its own member’s';
    if (header.type === 'mark.set' && header.subject !== header.member) return 'a mark is its own member’s';
  }
  return undefined;
}

/** A message of a direct conversation addresses all that are in it, which is what the conversation is named by. */
function addressRule(crypto: Pick<Crypto, 'sha256'>, header: Header): string | undefined {
  if (header.type !== 'message.create') return undefined;
  const to = header.data['to'] as readonly string[] | undefined;
  const isDirect = header.log.startsWith('direct.');
  if (to === undefined)
    return isDirect ? 'a message of a direct conversation says whom it addresses' : undefined;
  if (!isDirect) return 'only a message of a direct conversation addresses members';
  const author = header.imported?.author ?? header.member ?? '';
  const members = new Set([author, ...to]);
  if (members.size <= to.length) return 'it addresses a member twice, or its author';
  if (directId(crypto, header.workspace, members) !== logOwner(header.log))
    return 'it addresses others than those who are in the conversation';
  return undefined;
}

function bodyState(entry: Entry, type: OperationType): OperationState {
  if (entry.header.bodyHash === undefined) return bodyRequired(type) ? rejected('its text is missing') : fine;
  // A type that had no text when this version was made may have one later.
  if (!type.body) return newer;
  if (entry.body === undefined) return entry.redacted === undefined ? bodiless : fine;
  const body = compare(type.body, entry.body, 'body');
  if (typeof body === 'object') return rejected(body.message);
  return body === 'newer' ? newer : fine;
}

/**
 * Judges type, version, data, body and the rules between header fields of an entry that `readEntry` passed.
 * Waiting for a version: newer `v`, unknown type or fields. Waiting for its body: absent, and not marked redacted
 * (whether `redacted` names a valid redact is for the caller to find out). Rejected: everything else that is wrong.
 */
export function checkShape(crypto: Pick<Crypto, 'sha256'>, entry: Entry): OperationState {
  const { header } = entry;
  const verdict = judgeHeader(header);
  if (typeof verdict !== 'string') return rejected(`${verdict.field} is missing or wrong`);
  if (verdict === 'newer' || header.v > limits.operationVersion) return newer;
  const type = operationType(header.type);
  if (!type) return newer;
  const rule = headerRule(header, type);
  if (rule !== undefined) return rejected(rule);
  const data = compare(type.data, header.data, 'data');
  if (typeof data === 'object') return rejected(data.message);
  const address = addressRule(crypto, header);
  if (address !== undefined) return rejected(address);
  const body = bodyState(entry, type);
  return data === 'newer' && body.state !== 'rejected' ? newer : body;
}

/** The key that an operation brings along for its own signature: a genesis' owner, an admission's new replica. */
export function selfKey(header: Header): PublicKey | undefined {
  const field = { 'workspace.genesis': 'owner', 'replica.admit': 'key' }[header.type];
  const key = field === undefined ? undefined : header.data[field];
  return typeof key === 'string' ? key : undefined;
}
