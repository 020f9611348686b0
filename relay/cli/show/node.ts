import type {
  DoctorReport,
  ExportSummary,
  ImportSummary,
  List,
  Member,
  Status,
  Warning,
} from '../../../schemas/index.ts';
import { more } from './conversation.ts';
import { peers } from './machines.ts';
import { counted, facts, indent, oneLine, type Tint, table, tint, type View } from './terminal.ts';
import { ago, size } from './time.ts';

const warning = ({ what, message, hint }: Warning, view: View): string =>
  `${tint(view, 'yellow', 'warning')}  ${oneLine(what)}: ${oneLine(message)}\n${indent(tint(view, 'dim', oneLine(hint)), '         ')}`;

export function status(answer: Status, view: View): string {
  const { counts, storage, search } = answer;
  const unusual = [
    counts.waiting > 0 ? `${counts.waiting} waiting` : '',
    counts.rejected > 0 ? `${counts.rejected} rejected` : '',
  ].filter((part) => part !== '');
  const told = facts(
    [
      ['workspace', `${oneLine(answer.workspace.name)} ${tint(view, 'dim', answer.workspace.id)}`],
      ['directory', answer.directory],
      ['replica', answer.replica],
      ['member', answer.member ?? 'not made yet: the first write makes it'],
      [
        'holds',
        [
          counted(counts.messages, 'message'),
          `in ${counted(counts.channels, 'channel')}`,
          counted(counts.tasks, 'task'),
          counted(counts.memories, 'memory', 'memories'),
          counted(counts.members, 'member'),
        ].join(', '),
      ],
      ['operations', [counts.operations.toLocaleString('en'), ...unusual].join(', ')],
      [
        'disk',
        `${size(storage.bytes)} used, ${size(storage.freeBytes)} free, durability ${answer.durability}`,
      ],
      [
        'checkpoint',
        storage.uncheckpointed > 0 ? `${storage.uncheckpointed} operations since` : 'up to date',
      ],
      [
        'search',
        search.behind > 0
          ? `${search.behind} operations behind`
          : search.ready
            ? 'ready'
            : 'loads at first use',
      ],
      ['by meaning', meaning(search.embeddings)],
      ['cursor', answer.cursor],
      ['open since', ago(answer.since, view.now)],
      ['version', answer.version],
      ['listens', answer.listening.join(', ')],
    ],
    view,
  );
  const links = answer.peers.length === 0 ? '' : peers(answer.peers, view);
  return [told, links, answer.warnings.map((one) => warning(one, view)).join('\n')]
    .filter((part) => part !== '')
    .join('\n\n');
}

function meaning({ model, off, left, trouble }: Status['search']['embeddings']): string {
  if (off !== undefined) return `off: ${oneLine(off)}`;
  const parts = [
    model === undefined ? 'loads at first use' : oneLine(model),
    ...(left > 0 ? [`${counted(left, 'text')} without a vector`] : []),
    ...(trouble === undefined ? [] : [oneLine(trouble)]),
  ];
  return parts.join(', ');
}

export function members({ items, next }: List<Member>, view: View): string {
  if (items.length === 0) return tint(view, 'dim', 'no members');
  const shape = [
    { title: 'member', of: (item: Member) => item.handle, tint: 'cyan' as const },
    { title: 'name', of: (item: Member) => (item.name === item.handle ? '' : item.name), gives: true },
    { title: 'kind', of: (item: Member) => item.kind },
    { title: 'role', of: (item: Member) => item.role },
    {
      title: 'from',
      of: (item: Member) => (item.imported ? 'imported' : item.hosted ? 'here' : 'elsewhere'),
    },
    { title: 'since', of: (item: Member) => ago(item.created, view.now), tint: 'dim' as const },
  ];
  return [table(items, shape, view), more(next, view)].filter((part) => part !== '').join('\n');
}

export const member = (item: Member, view: View): string =>
  `${tint(view, 'cyan', item.handle)} ${oneLine(item.name)} ${tint(view, 'dim', item.id)}`;

const list = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([noun, count]) => `${count.toLocaleString('en')} ${noun}`)
    .join(', ') || 'nothing';

/** What an import did; what was set aside by reason, or each of it. */
export function imported(summary: ImportSummary, verbose: boolean, view: View): string {
  const lines = [
    facts(
      [
        ['read', list(summary.read)],
        ['written', list(summary.written)],
        ['present', list(summary.present)],
        [
          'set aside',
          summary.setAside.length === 0 ? 'nothing' : summary.setAside.length.toLocaleString('en'),
        ],
        ['took', `${summary.seconds.toFixed(1)} s`],
      ],
      view,
    ),
  ];
  if (verbose) {
    for (const { what, source, reason } of summary.setAside) {
      lines.push(`  ${oneLine(what)} ${oneLine(source)}: ${oneLine(reason)}`);
    }
    return lines.join('\n');
  }
  const reasons = new Map<string, number>();
  for (const { what, reason } of summary.setAside) {
    const line = `${oneLine(what)}: ${oneLine(reason)}`;
    reasons.set(line, (reasons.get(line) ?? 0) + 1);
  }
  for (const [line, count] of [...reasons].sort((a, b) => b[1] - a[1])) {
    lines.push(`  ${String(count).padStart(6)}  ${line}`);
  }
  if (reasons.size > 0) lines.push(tint(view, 'dim', 'each of them with: --verbose'));
  return lines.join('\n');
}

export const exported = (summary: ExportSummary): string =>
  `wrote ${list(summary.files)}\n${indent(summary.directory)}`;

const findingTint: Readonly<Record<DoctorReport['findings'][number]['state'], Tint>> = {
  ok: 'green',
  warning: 'yellow',
  damaged: 'red',
  repaired: 'yellow',
};

function verdict(ok: boolean, findings: DoctorReport['findings'], view: View): string {
  if (ok) return tint(view, 'green', 'all is well');
  const isDamaged = findings.some(({ state }) => state === 'damaged');
  return isDamaged
    ? tint(view, 'red', 'something is damaged')
    : tint(view, 'yellow', 'nothing is damaged; the warnings say what to do');
}

export function doctor({ ok, findings }: DoctorReport, view: View): string {
  const lines = findings.map(({ what, state, message, hint }) => {
    const advice = hint === undefined ? '' : `\n${indent(tint(view, 'dim', oneLine(hint)), '          ')}`;
    return `${tint(view, findingTint[state], state.padEnd(8))}  ${oneLine(what)}: ${oneLine(message)}${advice}`;
  });
  return [...lines, verdict(ok, findings, view)].join('\n');
}

/** What became of a directory that was to be set aside. */
export const quarantined = (
  directory: string,
  {
    moved,
    workspace,
    salvaged,
  }: {
    readonly moved: string | null;
    readonly workspace: string | null;
    readonly salvaged: { readonly operations: number; readonly damaged: number } | null;
  },
): string =>
  moved === null
    ? 'nothing was moved'
    : [
        `set aside, whole: ${moved}`,
        `${directory} is fresh, of the workspace ${workspace}; it fills from peers with: coterie up`,
        ...(salvaged
          ? [
              `${salvaged.operations} operations were read there, and come in as it is opened; ${salvaged.damaged} parts could not be read`,
            ]
          : []),
        'What could not be read, and no peer has, is in the directory that was set aside alone: keep it.',
      ].join('\n');
