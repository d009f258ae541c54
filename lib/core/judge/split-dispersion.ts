import type { Counts } from './counts';

/** Periods in which the split of the requests differs by more than this are of different steps. */
const SAME_SPLIT = 1.5;

/** What varies more than so many times as much as chance may come in bursts. */
const QUIET = 2;

/**
 * How many times more the bad outcomes' split between both versions varies from one period to the next than if each had been assigned by
 * itself: what fails together because of one version shows there, and what fails together at both does not, nor does a constant regression,
 * nor a rate that drifts.
 *
 * For two neighbouring periods with s and s' bad outcomes, X of them the candidate's, its part x of the first is hypergeometric if the odds
 * stood still: mean X s/S and variance X (S-X) s s' / (S² (S-1)), S = s + s'. The estimate is the sum of the squared deviations over the
 * sum of these variances, less its standard error.
 *
 * Only of what is past when a period is judged, so that evidence divided by it stays valid.
 *
 * @see docs/how-it-decides.md 2.8
 */
export class SplitDispersion {
  private last: Counts | undefined;
  private deviations = 0;
  private variances = 0;
  private squares = 0;

  /** φ >= 1 of the periods so far. */
  get factor(): number {
    return this.variances === 0 ? 1 : Math.max(1, (this.deviations - Math.sqrt(this.squares)) / this.variances);
  }

  /** Whether so many were seen that clusters would have shown, and none did. */
  get isQuiet(): boolean {
    return this.variances > 0 && this.deviations + Math.sqrt(this.squares) <= QUIET * this.variances;
  }

  add(counts: Counts): void {
    const { last } = this;
    this.last = counts;
    if (last === undefined || !isSameSplit(counts, last)) {
      return;
    }
    const [now, before] = [counts.candidateBad + counts.productionBad, last.candidateBad + last.productionBad];
    const [candidate, all] = [counts.candidateBad + last.candidateBad, now + before];
    if (all <= 1) {
      return;
    }
    const variance = candidate * (all - candidate) * now * before / (all * all * (all - 1));
    this.deviations += (counts.candidateBad - candidate * now / all) ** 2;
    this.variances += variance;
    // Of a squared deviation, as that of a Poisson count has it; neighbouring pairs share a period.
    this.squares += 1.5 * (2 * variance + 1) * variance;
  }
}

function isSameSplit(a: Counts, b: Counts): boolean {
  const [x, y] = [a.candidateTotal * b.productionTotal, b.candidateTotal * a.productionTotal];
  return x > 0 && x <= SAME_SPLIT * y && y <= SAME_SPLIT * x;
}
