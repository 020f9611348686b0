export interface RoomLimits {
  /** Bytes that may wait for one reader before it lags, and is owed what else it would be sent. */
  readonly buffered: number;
  /** Bytes of updates that may wait in one room before its writers are paused. */
  readonly waiting: number;
  /** Pause before a socket is asked again for what it has, ms. */
  readonly asking: number;
}

export const roomLimits: RoomLimits = {
  buffered: 1024 * 1024,
  waiting: 8 * 1024 * 1024,
  asking: 1_000,
};
