import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type ComparisonOutcome, saysNothing } from '../../lib/core/comparison/outcome';
import { binCount } from '../../lib/core/routing/measures';
import type { MirrorPlan } from '../../lib/core/mirroring/mirror-plan';
import { Dimension, METRIC_NAMESPACE, outputMetric, type OutputSide, ShadowMetric } from '../../lib/core/names';

export interface Compared {
  readonly outcome: ComparisonOutcome;
  readonly shadowLatencyMs: number;
  readonly productionLatencyMs: number;
  /** Bins of both answers, for each of the plan's outputs; where both answered. */
  readonly outputs?: { readonly [side in OutputSide]: readonly number[] };
  /** That a judge took. */
  readonly judgeTokens?: number;
}

/** Where comparisons are counted. */
export interface MirrorRecorder {
  compared(compared: Compared): void;
  /** Production's second answer, compared with its first. */
  noise(outcome: ComparisonOutcome): void;
  dropped(): void;
}

/** What a judge that has found nothing is counted by. */
const UNSAID: { readonly [kind in ComparisonOutcome['kind']]?: ShadowMetric } = {
  'comparison error': ShadowMetric.COMPARISON_ERRORS,
  'contradiction': ShadowMetric.JUDGE_CONTRADICTIONS,
  'not judged': ShadowMetric.NOT_JUDGED,
};

/** Counts comparisons in CloudWatch's embedded metric format; zeros too, so that no difference does not look like no comparison. */
export class EmfMirrorRecorder implements MirrorRecorder {
  private readonly metrics = new Metrics({ namespace: METRIC_NAMESPACE });

  constructor(private readonly plan: Pick<MirrorPlan, 'endpoint' | 'alias' | 'shadow' | 'version' | 'outputs' | 'comparison'>) {
    this.metrics.clearDefaultDimensions();
    this.metrics.setDefaultDimensions({
      [Dimension.ENDPOINT]: plan.endpoint,
      [Dimension.ALIAS]: plan.alias,
      [Dimension.SHADOW]: plan.shadow,
    });
  }

  compared({ outcome, shadowLatencyMs, productionLatencyMs, outputs, judgeTokens }: Compared): void {
    const is = (kind: ComparisonOutcome['kind']): number => Number(outcome.kind === kind);
    // What a judge fails to say is in no comparison: it is neither for nor against the shadow.
    this.count(this.plan.comparison.kind === 'judge' && saysNothing(outcome) ? { [UNSAID[outcome.kind]!]: 1 } : {
      [ShadowMetric.COMPARISONS]: 1,
      [ShadowMetric.AGREEMENTS]: is('agree'),
      [ShadowMetric.DIFFERENCES]: is('differ'),
      [ShadowMetric.SCHEMA_DIFFERENCES]: is('schema difference'),
      [ShadowMetric.SHADOW_ERRORS]: is('shadow error'),
      [ShadowMetric.COMPARISON_ERRORS]: is('comparison error'),
      ...this.verdicts(outcome),
    });
    this.metrics.addMetric(ShadowMetric.SHADOW_LATENCY, MetricUnit.Milliseconds, shadowLatencyMs);
    this.metrics.addMetric(ShadowMetric.PRODUCTION_LATENCY, MetricUnit.Milliseconds, productionLatencyMs);
    if (outputs !== undefined) {
      this.count({ [ShadowMetric.OUTPUTS]: 1, ...this.bins(outputs) });
    }
    if (judgeTokens !== undefined) {
      this.count({ [ShadowMetric.JUDGE_TOKENS]: judgeTokens });
    }
    if ('difference' in outcome) {
      this.metrics.addMetric(ShadowMetric.DIFFERENCE, MetricUnit.NoUnit, outcome.difference);
    }
    this.publish();
  }

  noise(outcome: ComparisonOutcome): void {
    this.count({ [ShadowMetric.NOISE_COMPARISONS]: 1, [ShadowMetric.NOISE_DIFFERENCES]: Number(outcome.kind !== 'agree') });
    this.publish();
  }

  dropped(): void {
    this.count({ [ShadowMetric.DROPPED]: 1 });
    this.publish();
  }

  /** Of a judge. Who did not answer what production answered has lost; what the judge failed to say is nobody's. */
  private verdicts(outcome: ComparisonOutcome): { readonly [metric: string]: number } {
    const verdict = outcome.kind === 'shadow error' ? 'loss' : 'verdict' in outcome && outcome.verdict;
    return this.plan.comparison.kind !== 'judge' ? {} : {
      [ShadowMetric.JUDGED]: Number(verdict !== false && verdict !== undefined),
      [ShadowMetric.WINS]: Number(verdict === 'win'),
      [ShadowMetric.LOSSES]: Number(verdict === 'loss'),
    };
  }

  /** Zeros too: a bin that is empty differs from one that was lost. */
  private bins(outputs: NonNullable<Compared['outputs']>): { readonly [metric: string]: number } {
    const sides = Object.entries(outputs) as [OutputSide, readonly number[]][];
    return Object.fromEntries(sides.flatMap(([side, hits]) => (this.plan.outputs ?? []).flatMap((output, index) =>
      Array.from({ length: binCount(output) }, (_, bin) => [outputMetric(side, index, bin), Number(hits[index] === bin)] as const))));
  }

  private count(counts: { readonly [metric: string]: number }): void {
    for (const [name, value] of Object.entries(counts)) {
      this.metrics.addMetric(name, MetricUnit.Count, value);
    }
  }

  /** For the shadow, whatever version it has, and for the version. */
  private publish(): void {
    this.metrics.addDimensions({});
    this.metrics.addDimensions({ [Dimension.VERSION]: this.plan.version });
    this.metrics.publishStoredMetrics();
  }
}
