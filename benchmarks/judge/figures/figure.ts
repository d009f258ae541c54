/** One line of the table of "Acceptance numbers we should demand". */
export interface Figure {
  readonly section: string;
  readonly name: string;
  readonly demanded: string;
  /** Simulated rollouts in a full run. */
  readonly runs: number;
  readonly measure: (runs: number) => Measured | Promise<Measured>;
}

/** What came out. */
export interface Measured {
  readonly text: string;
  /** Whether the demand is met; undefined where the line only informs. */
  readonly met?: boolean;
}
