import type { ShadowOutput } from '../../lib/core/guardrails/kind';
import { evidenceGuardrails, kindOf } from '../../lib/core/guardrails/kinds';
import { outputMetric, ShadowMetric } from '../../lib/core/names';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import type { Mirror } from '../../lib/core/routing/route';
import type { Random } from './random';
import { Series } from './series';
import { spread } from './spread';

/** Production is asked again for so many of the mirrored requests, whatever the mirror's own share is, which no plan tells. */
const ASKED_TWICE = 0.1;

interface ShadowSeries {
  readonly comparisons: Series;
  readonly differences: Series;
  readonly errors: Series;
  readonly twice: Series;
  readonly noise: Series;
  readonly wins: Series;
  readonly losses: Series;
}

/** A judge finds neither answer better in so many of the pairs. */
const TIES = 0.3;

/** How often a shadow is unlike production. */
export interface Unlikeness {
  /** Chance that it fails. */
  readonly errors: number;
  /** Chance that its answer differs. */
  readonly differences: number;
  /** Chance that production's own second answer differs. */
  readonly noise: number;
  /** Chance that a judge finds it worse, of the pairs that it decides; absent: nobody judges. */
  readonly losses?: number;
}

/** The outputs of mirrors that a plan's guardrails look at, before traffic and with it. */
export function outputsOf({ guardrails, shadow: stage }: Pick<RolloutPlan, 'guardrails' | 'shadow'>): ShadowOutput[] {
  return evidenceGuardrails({ guardrails: [...guardrails, ...(stage?.guardrails ?? [])] }).flatMap(
    (guardrail) => kindOf(guardrail).output(guardrail) ?? [],
  );
}

/** What the mirrors of the candidate have published: comparisons by period, and those in which it differed. */
export class SimulatedShadows {
  /** Mirrors as the stored route has them. */
  mirrors: readonly Mirror[] = [];
  private readonly counted = new Map<string, ShadowSeries>();
  private readonly sorted = new Map<string, ReadonlyMap<string, number>>();

  constructor(
    private readonly options: {
      readonly origin: number;
      readonly periodMs: number;
      readonly random: Random;
      readonly outputs: readonly ShadowOutput[];
    },
  ) {}

  /** Requests that production answered in a period, a share of which is mirrored to shadows of the version. */
  add(period: number, from: number, requests: number, version: string | undefined, unlikeness: Unlikeness): void {
    const { errors, differences, noise, losses } = unlikeness;
    for (const { name, sampleRate, startsAt = -Infinity, endsAt = Infinity } of this.mirrors.filter(
      (mirror) => mirror.version === version,
    )) {
      if (from >= startsAt && from < endsAt) {
        const { random } = this.options;
        const comparisons = random.binomial(requests, sampleRate);
        const series = this.seriesOf(name);
        series.comparisons.set(period, comparisons);
        const failed = random.binomial(comparisons, errors);
        const twice = random.binomial(comparisons, ASKED_TWICE);
        series.errors.set(period, failed);
        series.differences.set(period, random.binomial(comparisons - failed, differences));
        series.twice.set(period, twice);
        series.noise.set(period, random.binomial(twice, noise));
        if (losses !== undefined) {
          const decided = random.binomial(comparisons - failed, 1 - TIES);
          const lost = random.binomial(decided, losses);
          series.wins.set(period, decided - lost);
          // Who does not answer has lost.
          series.losses.set(period, lost + failed);
        }
      }
    }
  }

  /** The value of a period; undefined where the mirror published nothing. */
  value(shadow: string, metric: string, periodMs: number, index: number): number | undefined {
    const series = this.counted.get(shadow);
    const comparisons = series?.comparisons.at(periodMs, index) ?? 0;
    if (series === undefined || comparisons === 0) {
      return undefined;
    }
    switch (metric as ShadowMetric) {
      case ShadowMetric.COMPARISONS:
      case ShadowMetric.JUDGED:
        return comparisons;
      case ShadowMetric.WINS:
        return series.wins.at(periodMs, index);
      case ShadowMetric.LOSSES:
        return series.losses.at(periodMs, index);
      case ShadowMetric.DIFFERENCES:
        return series.differences.at(periodMs, index);
      case ShadowMetric.NOISE_COMPARISONS:
        return series.twice.at(periodMs, index) || undefined;
      case ShadowMetric.NOISE_DIFFERENCES:
        return series.twice.at(periodMs, index) > 0 ? series.noise.at(periodMs, index) : undefined;
      case ShadowMetric.SHADOW_ERRORS:
        return series.errors.at(periodMs, index);
      case ShadowMetric.SCHEMA_DIFFERENCES:
      case ShadowMetric.COMPARISON_ERRORS:
        return 0;
      case ShadowMetric.OUTPUTS:
        return comparisons - series.errors.at(periodMs, index);
      default:
        return this.sortedBy(shadow, periodMs, index, comparisons - series.errors.at(periodMs, index)).get(metric);
    }
  }

  /** Answers of both by their bins, which are filled alike; drawn once, because a period is read again at every tick. */
  private sortedBy(shadow: string, periodMs: number, index: number, answers: number): ReadonlyMap<string, number> {
    const key = `${shadow} ${periodMs} ${index}`;
    let sorted = this.sorted.get(key);
    if (sorted === undefined) {
      const { outputs, random } = this.options;
      this.sorted.set(
        key,
        (sorted = new Map(
          outputs
            .filter((each) => each.shadow === shadow)
            .flatMap(({ output, bins }) =>
              (['Shadow', 'Production'] as const).flatMap((side) =>
                spread(answers, bins, random).map((inBin, bin) => [outputMetric(side, output, bin), inBin] as const),
              ),
            ),
        )),
      );
    }
    return sorted;
  }

  /** Answers of a shadow in a period of the simulation. */
  answersIn(shadow: string, period: number): number {
    const series = this.counted.get(shadow);
    return series === undefined
      ? 0
      : series.comparisons.at(this.options.periodMs, period) - series.errors.at(this.options.periodMs, period);
  }

  private seriesOf(shadow: string): ShadowSeries {
    let series = this.counted.get(shadow);
    if (series === undefined) {
      const { origin, periodMs } = this.options;
      const make = (): Series => new Series(origin, periodMs);
      this.counted.set(shadow, (series = {
        comparisons: make(), differences: make(), errors: make(), twice: make(), noise: make(), wins: make(), losses: make(),
      }));
    }
    return series;
  }
}
