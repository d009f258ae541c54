import type { CellCountsReader } from '../../../lambda/controller/cell-counts';
import { randomOf } from '../../../rehearsal/engine/random';
import { Dimension, MEASURED_REQUESTS, Metric, ShadowMetric, slowMetric } from '../../../lib/core/names';
import type { MetricSource } from '../../../lib/core/rollout/plan';
import { routerMetric } from '../../../lib/core/rollout/sources';
import { thresholdsFor } from '../../../lib/core/routing/measures';
import { effectiveVariants, productionOf } from '../../../lib/core/routing/effective';
import { MemoryCloudWatch } from '../memory-cloudwatch';
import { ALIAS, type World } from './world';

/** How a version answers. */
export interface Behaviour {
  /** Share of the requests that it fails to answer. */
  readonly errors: number;
  /** Milliseconds, median of a log-normal distribution with a spread of a half. */
  readonly medianMs?: number;
  /** Stars that one in ten of its answers gets, 1 to 5: their mean. Absent: none. */
  readonly stars?: number;
  /** Share of its answers that differ from production's, where it is a shadow. */
  readonly differs?: number;
}

/** Metric of a version's stars. */
export function starsMetric(version: string): Pick<MetricSource, 'namespace' | 'metricName' | 'dimensions'> {
  return { namespace: 'Shop', metricName: 'Stars', dimensions: { Version: version } };
}

export interface TrafficOptions {
  readonly seed?: number;
  readonly requestsPerSecond: number;
  readonly versions: { readonly [version: string]: Behaviour | ((at: number) => Behaviour) };
  /** Seconds until metrics can be read. */
  readonly delaySeconds?: (at: number) => number;
  /** Metrics that are not published at a time. */
  readonly loses?: (metric: string, version: string, at: number) => boolean;
}

/** Length of a step, short enough that a route takes effect in the period in which it is written. */
const STEP_MS = 10_000;

/** Requests that follow the stored route, counted as the router counts them, in virtual time. */
export class Traffic {
  readonly cloudWatch: MemoryCloudWatch;
  /** Nothing is counted by key. */
  readonly cells: CellCountsReader = { read: async () => [] };
  private readonly random;
  private until: number;

  constructor(private readonly world: World, private readonly options: TrafficOptions) {
    this.cloudWatch = new MemoryCloudWatch(() => world.now);
    this.random = randomOf(options.seed ?? 1);
    this.until = Math.ceil(world.now / STEP_MS) * STEP_MS;
  }

  /** Production's traffic before the rollout, as metrics of its version. */
  history(version: string, hours: number): void {
    const from = this.until - hours * 3_600_000;
    for (let at = from; at < this.until; at += 60_000) {
      this.publish(version, at, this.random.poisson(this.options.requestsPerSecond * 60));
    }
  }

  /** Let requests come until the world's clock stands at `until`. */
  async advance(until: number): Promise<void> {
    const route = await this.world.route();
    for (; this.until + STEP_MS <= until; this.until += STEP_MS) {
      if (route === undefined) {
        continue;
      }
      const variants = effectiveVariants(route, this.until);
      const total = variants.reduce((sum, { weight }) => sum + weight, 0);
      const production = productionOf(route).version;
      const [thresholds, candidateThresholds] = (['production', 'candidate'] as const).map((role) => route.measures && thresholdsFor(route.measures, role));
      for (const { version, weight } of variants.filter((variant) => variant.version !== production)) {
        this.publish(version, this.until, this.random.poisson((this.options.requestsPerSecond * STEP_MS / 1_000) * (weight / total)), candidateThresholds, true);
      }
      const share = variants.find(({ version }) => version === production)!.weight / total;
      const routed = this.random.poisson((this.options.requestsPerSecond * STEP_MS / 1_000) * share);
      this.publish(production, this.until, routed, thresholds);
      for (const { name, version, sampleRate, endsAt = Infinity } of (route.mirrors ?? []).filter((mirror) => mirror.version !== production)) {
        if (this.until < endsAt) {
          this.compare(name, version, this.random.binomial(routed, sampleRate));
        }
      }
    }
  }

  private publish(version: string, at: number, requests: number, thresholds?: readonly number[], candidate = false): void {
    if (requests === 0) {
      return;
    }
    const given = this.options.versions[version];
    const { errors, medianMs = 100, stars } = typeof given === 'function' ? given(at) : given;
    const failures = this.random.binomial(requests, errors);
    this.put(Metric.INVOCATIONS, version, at, requests);
    this.put(Metric.FAILURES, version, at, failures);
    this.put(Metric.FALLBACKS, version, at, candidate ? failures : 0);
    if (thresholds === undefined) {
      // Only history is read by its quantiles, and a sample of it will do.
      for (let i = 0; i < Math.min(20, requests); i++) {
        this.put(Metric.MODEL_LATENCY, version, at, medianMs * Math.exp(0.5 * this.random.normal()));
      }
    } else {
      this.put(MEASURED_REQUESTS, version, at, requests);
      const latencies = Array.from({ length: requests }, () => medianMs * Math.exp(0.5 * this.random.normal()));
      thresholds.forEach((threshold, index) => this.put(slowMetric(index), version, at, latencies.filter((latency) => latency > threshold).length));
    }
    if (stars !== undefined) {
      const rated = this.random.binomial(requests, 0.1);
      for (let i = 0; i < rated; i++) {
        this.putSource(starsMetric(version), at, 1 + this.random.binomial(4, (stars - 1) / 4));
      }
    }
  }

  /** Requests that a mirror compared. */
  compared = 0;

  private compare(shadow: string, version: string, pairs: number): void {
    const given = this.options.versions[version];
    const { differs = 0 } = typeof given === 'function' ? given(this.until) : given;
    const different = this.random.binomial(pairs, differs);
    this.compared += pairs;
    const counts = {
      [ShadowMetric.COMPARISONS]: pairs, [ShadowMetric.DIFFERENCES]: different, [ShadowMetric.SCHEMA_DIFFERENCES]: 0, [ShadowMetric.SHADOW_ERRORS]: 0, [ShadowMetric.COMPARISON_ERRORS]: 0,
    };
    for (const [metric, value] of Object.entries(counts)) {
      const { dimensions, ...source } = routerMetric(ALIAS, version, metric);
      this.putSource({ ...source, dimensions: { ...dimensions, [Dimension.SHADOW]: shadow } }, this.until, value);
    }
  }

  private put(metric: string, version: string, at: number, value: number): void {
    if (this.options.loses?.(metric, version, at) !== true) {
      this.putSource(routerMetric(ALIAS, version, metric), at, value);
    }
  }

  private putSource(source: Pick<MetricSource, 'namespace' | 'metricName' | 'dimensions'>, at: number, value: number): void {
    const delay = (this.options.delaySeconds ?? (() => 20))(at) * 1_000;
    this.cloudWatch.put(source, at, value, at + delay);
  }
}
