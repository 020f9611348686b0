import type { Mailboxes } from '../../src/seal/mailbox/index.ts';
import { type Sample, single } from '../http/metrics.ts';
import { byCode } from '../rooms/metrics.ts';

/** What a sealed relay counts, as `/metrics` shows it. No mailbox and no key is named. */
export function sealedSamples({ counts }: Pick<Mailboxes, 'counts'>): Sample[] {
  const gauge = (name: string, help: string, value: number): Sample =>
    single(`coterie_sealed_${name}`, 'gauge', help, value);
  const counter = (name: string, help: string, value: number): Sample =>
    single(`coterie_sealed_${name}_total`, 'counter', help, value);
  return [
    gauge('mailboxes_open', 'Mailboxes in memory.', counts.open),
    gauge('sessions', 'Sessions that are open.', counts.sessions),
    counter('created', 'Mailboxes made.', counts.created),
    counter('appended', 'Records that became durable.', counts.appended),
    counter('appended_bytes', 'Bytes of those records.', counts.appendedBytes),
    counter('read', 'Records read.', counts.read),
    counter('read_bytes', 'Bytes of records read.', counts.readBytes),
    counter('entries', 'Records sent to others as they became durable.', counts.entries),
    counter('lagged', 'Times that records were held back for a slow reader.', counts.lagged),
    counter('trimmed', 'Records that went after a snapshot was confirmed.', counts.trimmed),
    counter('letters', 'Letters left.', counts.letters),
    counter('admissions', 'Replicas countersigned.', counts.admissions),
    {
      name: 'coterie_sealed_refused_total',
      type: 'counter',
      help: 'Answers with an error, by its name.',
      values: [...counts.refused].map(([code, value]) => [{ code }, value]),
    },
    byCode('coterie_sealed_closed_total', 'Sessions that ended, by close code.', counts.closes),
  ];
}
