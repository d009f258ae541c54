import type { CellCountsReader } from '../../lambda/controller/cell-counts';
import { type CellCounts, cellFor, COUNTED_MS, type CounterReading, nameOf, versionTag } from '../../lib/core/counters/cells';
import type { CounterPlan } from '../../lib/core/counters/plan';
import { Metric, slowMetric } from '../../lib/core/names';
import { MEASURE_LIMITS } from '../../lib/core/routing/measures';
import type { Side } from '../assembly/alarm-definition';
import { type Random, randomOf } from './random';
import type { SimulatedMetrics } from './simulated-metrics';
import type { TrafficSource } from './traffic';

/** Sets what is drawn of cells apart from what else is drawn of a seed. */
const CELLS = 0x2545f491;
/** Values that requests have where nobody has listed any: the n-th has an n-th of the first one's requests. */
const VALUES = 100;
/** The value of the scenario's segment. */
const SEGMENT = 'segment';

/** Where requests fall. */
interface Values {
  /** Parts of the requests that are not of the scenario's segment, by cell. */
  readonly parts: readonly number[];
  /** Cell of the scenario's segment. */
  readonly segment: number;
}

/**
 * What routers count by key, over simulated counts: the requests of each minute are dealt to values, of which a few are frequent and many
 * rare. A failure is no more likely with one value than with another, but for the scenario's segment. All of it is there as soon as the
 * metrics are.
 */
export class SimulatedCells implements CellCountsReader {
  private readonly readings = new Map<string, Map<number, CounterReading>>();
  private readonly random: Random;

  constructor(
    private readonly options: {
      readonly metrics: SimulatedMetrics;
      readonly traffic: Pick<TrafficSource, 'segmentAt'>;
      readonly versions: { readonly [version: string]: Side };
      readonly now: () => number;
      readonly seed: number;
    },
  ) {
    this.random = randomOf(options.seed ^ CELLS);
  }

  readonly read = async (
    plan: CounterPlan,
    key: string,
    { start, until }: { readonly start: number; readonly until: number },
  ): Promise<readonly CounterReading[]> => {
    const { metrics, now } = this.options;
    const known = this.readings.get(plan.name) ?? new Map<number, CounterReading>();
    this.readings.set(plan.name, known);
    const end = Math.min(until, metrics.visibleUntil(now(), COUNTED_MS));
    const readings: CounterReading[] = [];
    for (let at = Math.ceil(start / COUNTED_MS) * COUNTED_MS; at < end; at += COUNTED_MS) {
      let reading = known.get(at);
      if (reading === undefined) {
        known.set(at, (reading = this.draw(plan, valuesOf(plan, key), at)));
      }
      readings.push(reading);
    }
    return readings;
  };

  private draw(plan: CounterPlan, values: Values, at: number): CounterReading {
    const { metrics, traffic, versions } = this.options;
    const segment = traffic.segmentAt(at, COUNTED_MS);
    const index = metrics.indexOf(at, COUNTED_MS);
    const counts = new Map<string, CellCounts>();
    const names = new Map<number, string>();
    for (const [version, side] of Object.entries(versions)) {
      const requests = metrics.requestsAt(side, COUNTED_MS, index);
      const failures = requests === 0 ? 0 : metrics.value(side, Metric.FAILURES, 'Sum', COUNTED_MS, index);
      const { ofFailures = 0, ofOthers = 0, ofProduction = 0 } = segment ?? {};
      const [inFailures, inOthers] = side === 'candidate' ? [ofFailures, ofOthers] : [ofProduction, ofProduction];
      const failedInSegment = this.random.binomial(failures, inFailures);
      const failed = this.deal(failures, failedInSegment, values);
      const totals = this.deal(requests - failures, this.random.binomial(requests - failures, inOthers), values).map(
        (others, cell) => others + failed[cell],
      );
      counts.set(versionTag(version), {
        requests: totals,
        bad: [failed, ...(plan.slow === true && requests > 0 ? this.slow(side, index, totals) : [])],
      });
      if (plan.names !== undefined && side === 'candidate') {
        failed.forEach(
          (bad, cell) =>
            bad > 0 &&
            names.set(cell, nameOf(cell === values.segment && 2 * failedInSegment >= bad ? SEGMENT : `value ${cell + 1}`, plan.names!)),
        );
      }
    }
    return { at, versions: counts, names };
  }

  /** Requests to cells, so many of them to that of the segment. */
  private deal(requests: number, inSegment: number, { parts, segment }: Values): number[] {
    const { random } = this;
    let [left, rest] = [requests - inSegment, 1];
    return parts.map((part, cell) => {
      const here = rest <= 0 ? left : random.binomial(left, Math.min(1, part / rest));
      left -= here;
      rest -= part;
      return here + (cell === segment ? inSegment : 0);
    });
  }

  /** Slow requests by threshold and cell: drawn from all, without putting back. */
  private slow(side: Side, index: number, totals: readonly number[]): number[][] {
    const { metrics } = this.options;
    const slow: number[][] = [];
    for (let threshold = 0; threshold < MEASURE_LIMITS.thresholds; threshold++) {
      const count = metrics.value(side, slowMetric(threshold), 'Sum', COUNTED_MS, index);
      if (Number.isNaN(count)) {
        break;
      }
      slow.push(this.drawn(count, totals));
    }
    return slow;
  }

  private drawn(count: number, totals: readonly number[]): number[] {
    let [left, rest] = [count, totals.reduce((sum, total) => sum + total, 0)];
    return totals.map((total) => {
      let here = 0;
      for (let request = 0; request < total; request++, rest--) {
        if (this.random.uniform() * rest < left) {
          here++;
          left--;
        }
      }
      return here;
    });
  }
}

function valuesOf(plan: Pick<CounterPlan, 'cells' | 'values'>, key: string): Values {
  const names = plan.values ?? Array.from({ length: VALUES }, (_, index) => `value ${index + 1}`);
  const parts = new Array<number>(plan.cells).fill(0);
  const total = names.reduce((sum, _, index) => sum + 1 / (index + 1), 0);
  names.forEach((name, index) => {
    parts[cellFor(plan, key, name)] += 1 / ((index + 1) * total);
  });
  return { parts, segment: cellFor(plan, key, plan.values === undefined ? SEGMENT : plan.values.at(-1)) };
}
