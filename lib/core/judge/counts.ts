/** What both variants counted in one period for one kind of outcome. Sums of scores in [0, 1] may stand for counts of bad outcomes. */
export interface Counts {
  /** Requests of the candidate, n_c. */
  readonly candidateTotal: number;
  /** Bad outcomes of the candidate, x_c. */
  readonly candidateBad: number;
  /** Requests of production, n_b. */
  readonly productionTotal: number;
  /** Bad outcomes of production, x_b. */
  readonly productionBad: number;
}
