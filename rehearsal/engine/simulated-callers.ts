import type { CellCountsReader } from '../../lambda/controller/cell-counts';
import { cellOf, type CounterReading, versionTag } from '../../lib/core/counters/cells';
import { Metric } from '../../lib/core/names';
import { CALLER_CELLS } from '../../lib/core/routing/assign-by-cell';
import type { CellOfCallers, Callers } from './callers';
import { type Random, randomOf } from './random';
import type { SimulatedMetrics } from './simulated-metrics';

/** Sets what is drawn of callers' history apart from what else is drawn of a seed. */
const HISTORY = 0x6c078965;
const HOUR_MS = 3_600_000;
/**
 * Callers of a scenario that does not say who they are: the n-th sends an n-th of what the first does, and none fails more than another.
 */
const CALLERS = 500;

/**
 * What routers counted of callers before a rollout: production's requests and failures are dealt to the cells of those who send them. A
 * reading has an hour: nobody reads of a finished day by the minute what callers did.
 */
export class SimulatedCallers implements CellCountsReader {
  private readonly random: Random;
  private readonly cells: readonly CellOfCallers[];

  constructor(private readonly options: {
    readonly metrics: SimulatedMetrics;
    readonly production: () => string;
    readonly callers: Callers | undefined;
    /** Share of the requests that a usual caller fails. */
    readonly errorRate: number;
    /**
     * For each threshold that routers count by the part of the requests that take longer, of a caller whose latencies are so many times the
     * usual.
     */
    readonly slow: (factor: number) => readonly number[];
    readonly scope: string;
    readonly now: () => number;
    readonly seed: number;
  }) {
    this.random = randomOf(options.seed ^ HISTORY);
    this.cells = options.callers?.cells(options.errorRate, options.slow) ?? alike(options.scope, options.slow(1));
  }

  readonly read: CellCountsReader['read'] = async (_, __, { start, until }) => {
    const { metrics, now, production } = this.options;
    const end = Math.min(until, metrics.visibleUntil(now(), HOUR_MS));
    const readings: CounterReading[] = [];
    for (let at = Math.ceil(start / HOUR_MS) * HOUR_MS; at + HOUR_MS <= end; at += HOUR_MS) {
      const index = metrics.indexOf(at, HOUR_MS);
      const requests = metrics.requestsAt('production', HOUR_MS, index);
      const failures = requests === 0 ? 0 : metrics.value('production', Metric.FAILURES, 'Sum', HOUR_MS, index);
      const failed = this.deal(failures, 'failures');
      const served = this.deal(requests - failures, 'requests').map((others, cell) => others + failed[cell]);
      const slow = this.cells[0].slow.map((_part, threshold) =>
        served.map((count, cell) => this.random.binomial(count, this.partOf(cell, threshold))),
      );
      readings.push({
        at,
        versions: new Map([[versionTag(production()), { requests: served, bad: [failed, ...slow] }]]),
        names: new Map(),
      });
    }
    return readings;
  };

  private partOf(cell: number, threshold: number): number {
    const { requests, slow } = this.cells[cell];
    return requests === 0 ? 0 : Math.min(1, slow[threshold] / requests);
  }

  private deal(number: number, what: 'requests' | 'failures'): number[] {
    let [left, rest] = [number, this.cells.reduce((sum, cell) => sum + cell[what], 0)];
    return this.cells.map((cell) => {
      const here = rest <= 0 ? 0 : this.random.binomial(left, Math.min(1, cell[what] / rest));
      left -= here;
      rest -= cell[what];
      return here;
    });
  }
}

function alike(scope: string, slow: readonly number[]): readonly CellOfCallers[] {
  const cells = Array.from({ length: CALLER_CELLS }, () => ({ requests: 0, failures: 0, slow: slow.map(() => 0) }));
  for (let caller = 1; caller <= CALLERS; caller++) {
    const cell = cells[cellOf(scope, `caller ${caller}`, CALLER_CELLS)];
    cell.requests += 1 / caller;
    cell.failures += 1 / caller;
    slow.forEach((part, threshold) => (cell.slow[threshold] += part / caller));
  }
  return cells;
}
