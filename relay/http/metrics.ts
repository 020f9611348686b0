import { monitorEventLoopDelay } from 'node:perf_hooks';

/** What a node counts about itself, in the text form that Prometheus reads. */
export interface Metrics {
  /** One answered request. */
  request(method: string, route: string, status: number, seconds: number): void;
  /** One event sent on a stream. */
  event(): void;
  /** Readers that were too slow. */
  lagged(): void;
  /** A stream began; the result ends it. */
  stream(): () => void;
  readonly openStreams: number;
  /** Shows what this gives too, asked each time. */
  include(samples: () => readonly Sample[]): void;
  text(more: readonly Sample[]): string;
  close(): void;
}

/** A number from elsewhere, shown with the rest. */
export interface Sample {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly values: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

const escaped = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function lines(sample: Sample): string {
  const head = `# HELP ${sample.name} ${sample.help}\n# TYPE ${sample.name} ${sample.type}\n`;
  const rows = sample.values.map(([labels, value]) => {
    const inside = Object.entries(labels).map(([name, text]) => `${name}="${escaped(text)}"`);
    return `${sample.name}${inside.length > 0 ? `{${inside.join(',')}}` : ''} ${value}\n`;
  });
  return head + rows.join('');
}

/** One number without labels. */
export const single = (name: string, type: Sample['type'], help: string, value: number): Sample => ({
  name,
  type,
  help,
  values: [[{}, value]],
});

export function openMetrics(): Metrics {
  const requests = new Map<string, { labels: Record<string, string>; count: number; seconds: number }>();
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let events = 0;
  let lagged = 0;
  let streams = 0;
  const included: (() => readonly Sample[])[] = [];

  return {
    request(method, route, status, seconds) {
      const name = `${method} ${route} ${status}`;
      const row = requests.get(name);
      if (row) {
        row.count += 1;
        row.seconds += seconds;
      } else requests.set(name, { labels: { method, route, status: String(status) }, count: 1, seconds });
    },
    event() {
      events += 1;
    },
    lagged() {
      lagged += 1;
    },
    stream() {
      streams += 1;
      let open = true;
      return () => {
        if (open) streams -= 1;
        open = false;
      };
    },
    get openStreams() {
      return streams;
    },
    include(samples) {
      included.push(samples);
    },
    text(more) {
      const rows = [...requests.values()];
      const seconds = (nanoseconds: number): number => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0);
      const own: Sample[] = [
        {
          name: 'coterie_http_requests_total',
          help: 'Requests answered.',
          type: 'counter',
          values: rows.map((row) => [row.labels, row.count]),
        },
        {
          name: 'coterie_http_request_seconds_total',
          help: 'Time spent answering.',
          type: 'counter',
          values: rows.map((row) => [row.labels, row.seconds]),
        },
        single('coterie_events_sent_total', 'counter', 'Events sent on streams.', events),
        single(
          'coterie_streams_lagged_total',
          'counter',
          'Streams ended because the reader was too slow.',
          lagged,
        ),
        single('coterie_streams_open', 'gauge', 'Streams open now.', streams),
        {
          name: 'coterie_event_loop_delay_seconds',
          help: 'Delay of the event loop since the start.',
          type: 'gauge',
          values: [
            [{ quantile: '0.5' }, seconds(delay.percentile(50))],
            [{ quantile: '0.99' }, seconds(delay.percentile(99))],
            [{ quantile: '1' }, seconds(delay.max)],
          ],
        },
        single('process_resident_memory_bytes', 'gauge', 'Resident memory.', process.memoryUsage.rss()),
      ];
      const others = included.flatMap((samples) => samples());
      return [...own, ...more, ...others].map(lines).join('');
    },
    close() {
      delay.disable();
    },
  };
}
