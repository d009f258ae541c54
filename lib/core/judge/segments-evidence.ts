import type { Counts } from './counts';
import { phraseOf, sum } from './counts-evidence';
import { DISPLAY_ALPHA, type EvidenceSettings, type Finding, type GuardrailEvidence } from './guardrail-evidence';
import { withLater } from '../later';
import { logMeanExp } from './log-domain';
import type { Measurement, SegmentsMeasurement } from './period';
import type { SegmentsPlan } from './plan';
import { REGRESSION_WEIGHTS } from './rate';
import { ratioInterval } from './ratio-interval';
import { RegressionEvidence } from './regression-evidence';

/**
 * How likely each multiple is beforehand: what fails in a segment alone fails wholly as a rule, and what is a little worse is seen among
 * all requests.
 */
const WEIGHTS = REGRESSION_WEIGHTS.toReversed();
/** Measurements that are looked at together for what happens elsewhere, and failures there that would be no chance. */
const RECENT = 10;
const WOULD_HAVE_SHOWN = 5;

/**
 * Evidence that the candidate is worse in some segment: an e-process for each segment and outcome, averaged. What happens to a few requests
 * of one kind is nothing among all requests and everything among those. The processes are averaged and the mean is watched: the largest of
 * several would need to be divided by their number, and a mean of what each was at its highest is no e-process at all.
 *
 * A segment in which one version has no requests says nothing.
 *
 * @see docs/how-it-decides.md 2.2a
 */
export class SegmentsEvidence implements GuardrailEvidence {
  readonly certified = false;
  /** By outcome, then by segment; made when the candidate has requests there. */
  private readonly processes: (RegressionEvidence | undefined)[][];
  private readonly recent: readonly Recent[];
  /** Logarithm of each e-value, outcome by outcome. Stays what it is where nothing is added. */
  private readonly logs: Float64Array;
  private readonly measurements: SegmentsMeasurement[] = [];

  constructor(private readonly plan: SegmentsPlan, private readonly settings: EvidenceSettings) {
    this.processes = plan.outcomes.map(() => new Array<RegressionEvidence | undefined>(plan.segments).fill(undefined));
    this.recent = plan.outcomes.map(() => new Recent(plan.segments));
    this.logs = new Float64Array(plan.outcomes.length * plan.segments);
  }

  add(measurement: Measurement, index: number, periods = 1): void {
    const counts = measurement as SegmentsMeasurement;
    const measured = Math.max(periods, counts.periods ?? 1);
    this.measurements.push(counts);
    const past = this.measurements.at(-1 - RECENT);
    this.plan.outcomes.forEach((outcome, i) => {
      const recent = this.recent[i];
      for (let segment = 0; segment < this.plan.segments; segment++) {
        recent.add(segment, countsOf(counts, i, segment), 1);
        if (past !== undefined) {
          recent.add(segment, countsOf(past, i, segment), -1);
        }
      }
      for (let segment = 0; segment < this.plan.segments; segment++) {
        const counted = countsOf(counts, i, segment);
        if (counted.candidateTotal > 0) {
          const process = this.processes[i][segment] ??= new RegressionEvidence(outcome, this.plan, this.settings, WEIGHTS);
          process.add(counted, index, measured, { apart: this.plan.sticky !== true && recent.isApart(segment) });
          this.logs[i * this.plan.segments + segment] = process.logEvidence();
        }
      }
    });
  }

  beginStep(): void {
    // Nothing is certified: rare segments never show that they are healthy.
  }

  /** One of many segments always looks worse for a while. */
  logEvidenceInStep(): number {
    return 0;
  }

  logEvidence(): number {
    return logMeanExp(this.logs);
  }

  finding(): Finding {
    const { segments, outcomes } = this.plan;
    const worst = this.logs.reduce((best, log, i) => (log > this.logs[best] ? i : best), 0);
    const [outcome, segment] = [Math.floor(worst / segments), worst % segments];
    const measurements = this.measurements.slice();
    const all = measurements.map((measurement) => countsOf(measurement, outcome, segment));
    const counts = sum(all);
    if (counts.candidateBad === 0) {
      return { phrase: `${outcomes.map(({ label }) => label).join(' and ')} by ${this.plan.label}: no segment stands out` };
    }
    const known = withLater({ counts }, { ratio: () => ratioInterval(all, DISPLAY_ALPHA) });
    const label = (): string => `${outcomes[outcome].label} of ${this.nameOf(measurements, segment, outcome)}`;
    return withLater(known, { phrase: () => phraseOf({ label: label(), counts, ratio: known.ratio }) });
  }

  /** A value of the segment that can be recognized. */
  private nameOf(measurements: readonly SegmentsMeasurement[], segment: number, outcome: number): string {
    const { label, values, segments } = this.plan;
    if (values !== undefined) {
      return segment < values.length ? `${label} ${values[segment]}` : `other values of ${label}`;
    }
    const failed = new Map<string, number>();
    for (const { names, candidate } of measurements) {
      const name = names?.get(segment);
      if (name !== undefined) {
        failed.set(name, (failed.get(name) ?? 0) + candidate.bad[outcome][segment]);
      }
    }
    return failed.size === 0
      ? `group ${segment + 1} of ${segments} of ${label}`
      : `${label} ${[...failed].reduce((most, each) => (each[1] > most[1] ? each : most))[0]} and its group`;
  }
}

/** What was counted lately, of every segment. */
class Recent {
  private readonly bySegment: { -readonly [count in keyof Counts]: number }[];
  private readonly all = { candidateTotal: 0, candidateBad: 0, productionTotal: 0, productionBad: 0 };

  constructor(segments: number) {
    this.bySegment = Array.from({ length: segments }, () => ({ candidateTotal: 0, candidateBad: 0, productionTotal: 0, productionBad: 0 }));
  }

  add(segment: number, counts: Counts, sign: 1 | -1): void {
    for (const sums of [this.bySegment[segment], this.all]) {
      for (const name of Object.keys(sums) as (keyof Counts)[]) {
        sums[name] += sign * counts[name];
      }
    }
  }

  /**
   * Whether the candidate fails in this segment alone: in all others as often as production does, give or take chance, and there were so
   * many of these that more would have shown.
   */
  isApart(segment: number): boolean {
    const { bySegment: { [segment]: own }, all } = this;
    const requests = all.candidateTotal - own.candidateTotal;
    const usual = requests * (all.productionBad - own.productionBad) / Math.max(1, all.productionTotal - own.productionTotal);
    return all.candidateBad - own.candidateBad <= 2 * usual + 1 && requests * own.candidateBad >= WOULD_HAVE_SHOWN * own.candidateTotal;
  }
}

function countsOf({ candidate, production }: SegmentsMeasurement, outcome: number, segment: number): Counts {
  return {
    candidateTotal: candidate.totals[segment], candidateBad: candidate.bad[outcome][segment],
    productionTotal: production.totals[segment], productionBad: production.bad[outcome][segment],
  };
}
