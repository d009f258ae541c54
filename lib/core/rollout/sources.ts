import {
  binMetric,
  Dimension,
  endpointAndAlias,
  FeedbackMetric,
  MEASURED_REQUESTS,
  Metric,
  METRIC_NAMESPACE,
  outputMetric,
  type OutputSide,
  ShadowMetric,
  slowMetric,
} from '../names';
import { binCount } from '../routing/measures';
import { type Baseline, evidenceGuardrails } from './baseline';
import { comparedWith } from './control-arm';
import type { MeanMetricSource, MetricSource } from './plan';
import type { RolloutState } from './state';

/** What is read for one version: all outcomes, and those that are bad, or in a bin; of a mean their sum. */
export interface SideSources {
  readonly total: MetricSource;
  readonly parts: readonly MetricSource[];
}

/** Where a guardrail's counts come from. */
export interface GuardrailSources {
  readonly name: string;
  readonly candidate: SideSources;
  readonly production: SideSources;
  /**
   * Whether the publisher writes zeros: then a count that is missing beside its total has been lost. So has a sum beside its number of
   * samples.
   */
  readonly writesZeros: boolean;
  /** Requests, failures and refusals of each version, where what is counted is labels of its answers. */
  readonly answers?: {
    readonly [side in 'candidate' | 'production']: readonly [requests: MetricSource, failures: MetricSource, refusals: MetricSource];
  };
}

type Rollout = Pick<RolloutState, 'alias' | 'plan' | 'production' | 'candidate' | 'control' | 'baseline'>;

/** A metric that routers publish for a version. */
export function routerMetric(key: string, version: string, metricName: string): MetricSource {
  const [endpoint, alias] = endpointAndAlias(key);
  return {
    namespace: METRIC_NAMESPACE, metricName, statistic: 'Sum',
    dimensions: { [Dimension.ENDPOINT]: endpoint, [Dimension.ALIAS]: alias, [Dimension.VERSION]: version },
  };
}

/** A metric that a mirror publishes for a version of its shadow. */
export function shadowMetric(alias: string, shadow: string, version: string, metricName: string): MetricSource {
  const { dimensions, ...source } = routerMetric(alias, version, metricName);
  return { ...source, dimensions: { ...dimensions, [Dimension.SHADOW]: shadow } };
}

/**
 * The requests that were assigned to each version, production's or those of a control in its place; what production answers in the
 * candidate's place is not among them.
 */
export function requestSources({ alias, candidate, ...rollout }: Rollout): {
  readonly candidate: MetricSource;
  readonly production: MetricSource;
} {
  return {
    candidate: routerMetric(alias, candidate.version, Metric.INVOCATIONS),
    production: routerMetric(alias, comparedWith(rollout), Metric.INVOCATIONS),
  };
}

/**
 * The sources of every evidence guardrail that can be judged, in the plan's order; names of routers' counts follow the route's measures.
 */
export function guardrailSources(state: Rollout): GuardrailSources[] {
  const { plan, baseline } = state;
  let threshold = 0;
  let measure = 0;
  const both = (total: string, parts: readonly string[]): Pick<GuardrailSources, 'candidate' | 'production'> => {
    const of = (version: string): SideSources => ({
      total: routerMetric(state.alias, version, total), parts: parts.map((name) => routerMetric(state.alias, version, name)),
    });
    return { candidate: of(state.candidate.version), production: of(comparedWith(state)) };
  };
  const answers = (): NonNullable<GuardrailSources['answers']> => {
    const of = (version: string): [MetricSource, MetricSource, MetricSource] => [
      routerMetric(state.alias, version, Metric.INVOCATIONS),
      routerMetric(state.alias, version, Metric.FAILURES),
      routerMetric(state.alias, version, Metric.CLIENT_ERRORS),
    ];
    return { candidate: of(state.candidate.version), production: of(comparedWith(state)) };
  };
  return evidenceGuardrails(plan).flatMap((guardrail): GuardrailSources[] => {
    const { name } = guardrail;
    switch (guardrail.kind) {
      case 'errors':
        return [{ name, writesZeros: true, ...both(Metric.INVOCATIONS, [Metric.FAILURES]) }];
      case 'latency': {
        const thresholds = thresholdsOf(baseline, name);
        return thresholds.length === 0
          ? []
          : [
              {
                name,
                writesZeros: true,
                ...both(
                  MEASURED_REQUESTS,
                  thresholds.map(() => slowMetric(threshold++)),
                ),
              },
            ];
      }
      case 'drift': {
        const { shadow, measure: counted = 0 } = guardrail;
        if (shadow !== undefined) {
          const of = (side: OutputSide): SideSources => {
            const parts = Array.from({ length: binCount(guardrail) }, (_, bin) =>
              shadowMetric(state.alias, shadow, state.candidate.version, outputMetric(side, counted, bin)),
            );
            return { total: shadowMetric(state.alias, shadow, state.candidate.version, ShadowMetric.OUTPUTS), parts };
          };
          return [{ name, writesZeros: true, candidate: of('Shadow'), production: of('Production') }];
        }
        const index = measure++;
        return [
          {
            name,
            writesZeros: true,
            ...both(
              MEASURED_REQUESTS,
              Array.from({ length: binCount(guardrail) }, (_, bin) => binMetric(index, bin)),
            ),
          },
        ];
      }
      case 'agreement': {
        const of = (metric: ShadowMetric): MetricSource => shadowMetric(state.alias, guardrail.shadow, state.candidate.version, metric);
        const pairs = {
          total: of(ShadowMetric.COMPARISONS),
          parts: [
            ShadowMetric.DIFFERENCES,
            ShadowMetric.SCHEMA_DIFFERENCES,
            ShadowMetric.SHADOW_ERRORS,
            ShadowMetric.COMPARISON_ERRORS,
          ].map(of),
        };
        const noise = { total: of(ShadowMetric.NOISE_COMPARISONS), parts: [of(ShadowMetric.NOISE_DIFFERENCES)] };
        return [{ name, writesZeros: true, candidate: pairs, production: guardrail.beyondNoise === true ? noise : pairs }];
      }
      case 'feedback':
        return [
          {
            name,
            writesZeros: true,
            ...both(FeedbackMetric.OUTCOMES, [FeedbackMetric.WRONG]),
            ...(guardrail.labelRatio && { answers: answers() }),
          },
        ];
      case 'shadow-accuracy': {
        const of = (metric: ShadowMetric): MetricSource => shadowMetric(state.alias, guardrail.shadow, state.candidate.version, metric);
        const pairs = {
          total: of(ShadowMetric.LABELLED_PAIRS),
          parts: [ShadowMetric.ONLY_SHADOW_WRONG, ShadowMetric.ONLY_PRODUCTION_WRONG].map(of),
        };
        return [{ name, writesZeros: true, candidate: pairs, production: pairs }];
      }
      case 'metric': {
        const { candidate, production } = guardrail;
        return [
          {
            name,
            writesZeros: false,
            candidate: { total: candidate.total, parts: [candidate.bad] },
            production: { total: production.total, parts: [production.bad] },
          },
        ];
      }
      case 'mean':
        return [{ name, writesZeros: true, candidate: meanSources(guardrail.candidate), production: meanSources(guardrail.production) }];
    }
  });
}

/** Number and sum of the values of a metric. */
export function meanSources(metric: MeanMetricSource): SideSources {
  return { total: { ...metric, statistic: 'SampleCount' }, parts: [{ ...metric, statistic: 'Sum' }] };
}

export function thresholdsOf(baseline: Baseline | undefined, guardrail: string): readonly number[] {
  return baseline?.thresholds[guardrail] ?? [];
}

/** Equal for equal sources. */
export function sourceKey({ namespace, metricName, dimensions, statistic }: MetricSource): string {
  return JSON.stringify([namespace, metricName, statistic, ...Object.entries(dimensions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
