import { type Sample, single } from '../http/metrics.ts';

/** What rooms count. */
export interface RoomCounts {
  rooms: number;
  sockets: number;
  /** Updates that came in, and their bytes. */
  updatesIn: number;
  bytesIn: number;
  /** Messages with updates that went out, one for each socket, and their bytes. */
  updatesOut: number;
  bytesOut: number;
  /** Turns in which a room was sent something. */
  turns: number;
  lagged: number;
  refused: number;
  malformed: number;
  spoofed: number;
  /** Sockets asked for all that they have, since what they sent rests on something absent. */
  lacking: number;
  /** Times that a room was let go because this side failed. */
  failed: number;
  /** Commits of documents of open rooms, and the time until they were synced, seconds. */
  commits: number;
  commitSeconds: number;
  /** Sockets that ended, by close code: 1002 and 1009 are frames that are none. */
  readonly closes: Map<number, number>;
}

export const roomCounts = (): RoomCounts => ({
  rooms: 0,
  sockets: 0,
  updatesIn: 0,
  bytesIn: 0,
  updatesOut: 0,
  bytesOut: 0,
  turns: 0,
  lagged: 0,
  refused: 0,
  malformed: 0,
  spoofed: 0,
  lacking: 0,
  failed: 0,
  commits: 0,
  commitSeconds: 0,
  closes: new Map(),
});

/** How often something ended, by close code. */
export const byCode = (name: string, help: string, closes: ReadonlyMap<number, number>): Sample => ({
  name,
  type: 'counter',
  help,
  values: [...closes].map(([code, count]) => [{ code: String(code) }, count]),
});

/** The counts as `/metrics` shows them. */
export function roomSamples(counts: RoomCounts): Sample[] {
  const counter = (name: string, help: string, value: number): Sample =>
    single(`coterie_room_${name}_total`, 'counter', help, value);
  return [
    single('coterie_rooms', 'gauge', 'Rooms that are loaded.', counts.rooms),
    single('coterie_room_sockets', 'gauge', 'Plain sessions open now.', counts.sockets),
    counter('updates_in', 'Updates received.', counts.updatesIn),
    counter('bytes_in', 'Bytes of the updates received.', counts.bytesIn),
    counter('updates_out', 'Messages with updates sent, one a socket.', counts.updatesOut),
    counter('bytes_out', 'Bytes of the messages with updates sent.', counts.bytesOut),
    counter('turns', 'Turns of the event loop in which a room was sent something.', counts.turns),
    counter('lagged', 'Times that a socket read too slowly and was brought up to date later.', counts.lagged),
    counter('refused', 'Sockets closed for an update that is not allowed.', counts.refused),
    counter('malformed', 'Sockets closed for a message that can not be read.', counts.malformed),
    counter('spoofed', 'Awareness of a client that another socket speaks for, left out.', counts.spoofed),
    counter('lacking', 'Updates that rested on something absent.', counts.lacking),
    counter('failed', 'Times that a room was let go because this side failed.', counts.failed),
    counter('commits', 'Synced commits of rooms.', counts.commits),
    counter('commit_seconds', 'Time until those were synced.', counts.commitSeconds),
    byCode('coterie_room_closed_total', 'Plain sessions that ended, by close code.', counts.closes),
  ];
}
