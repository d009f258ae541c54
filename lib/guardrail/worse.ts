/** Which direction of a mean is a regression. */
export enum Worse {
  /** Scores, revenue, conversions. */
  LOWER = 'LOWER',
  /** Times, costs, distances. */
  HIGHER = 'HIGHER',
}
