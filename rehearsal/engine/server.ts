/** What answers the requests of a version, one by one. */
export interface Server {
  /** Milliseconds until the answer to a request that takes so long by itself. To be asked in the order of time. */
  ask(at: number, milliseconds: number): number;

  /** Milliseconds that whatever was started for requests since then took to start; of what starts by itself there is nothing to tell. */
  readonly starts?: readonly number[];
}
