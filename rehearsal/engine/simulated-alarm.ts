import type { AlarmDefinition, Comparison, SimulatedMetric } from '../assembly/alarm-definition';
import { compile, type Formula } from '../assembly/metric-math';
import type { SimulatedMetrics } from './simulated-metrics';

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';

/** CloudWatch retrieves more periods than it evaluates, to tell late data from none; how many more is its secret, two in its examples. */
const MORE_PERIODS = 2;

const COMPARE: { readonly [comparison in Comparison]: (value: number, threshold: number) => boolean } = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

/** A data point: breaching or not, or missing. */
export type Point = boolean | undefined;

/**
 * The state of an alarm after one evaluation, by CloudWatch's documentation on missing data: as many of the most recent existing
 * points as are evaluated decide; what lacks is filled in as the alarm says.
 *
 * @param points the evaluation range, newest first
 */
export function evaluate(
  points: readonly Point[],
  { evaluationPeriods, datapointsToAlarm, missing }: Pick<AlarmDefinition, 'evaluationPeriods' | 'datapointsToAlarm' | 'missing'>,
  state: AlarmState,
): AlarmState {
  let existing = 0;
  let breaching = 0;
  for (let i = 0; i < points.length && existing < evaluationPeriods; i++) {
    if (points[i] !== undefined) {
      existing++;
      breaching += points[i] === true ? 1 : 0;
    }
  }
  const absent = evaluationPeriods - existing;
  // Where nothing but breaching points is there, an alarm that leaves missing points out goes off early.
  const certain = absent > 0 && breaching === existing ? undefined : breaching >= datapointsToAlarm;
  switch (missing) {
    case 'breaching':
      return breaching + absent >= datapointsToAlarm ? 'ALARM' : 'OK';
    case 'notBreaching':
      return breaching >= datapointsToAlarm ? 'ALARM' : 'OK';
    case 'ignore':
      if (certain === undefined) {
        return state;
      }
      if (certain) {
        return 'ALARM';
      }
      return 'OK';
    case 'missing':
      if (certain === undefined) {
        if (existing === 0) {
          return 'INSUFFICIENT_DATA';
        }
        return 'ALARM';
      }
      if (certain) {
        return 'ALARM';
      }
      return 'OK';
  }
}

/** An alarm over simulated metrics. */
export class SimulatedAlarm {
  state: AlarmState;
  reason = 'no data yet';
  /** The metrics that it looks at. */
  readonly watched: readonly SimulatedMetric[];
  private readonly points: Point[] = [];
  private readonly formula: Formula;
  private readonly periodMs: number;
  private next: number;
  private index = 0;

  /** @param from epoch milliseconds from which on there may be data */
  constructor(private readonly definition: AlarmDefinition, private readonly metrics: SimulatedMetrics, from: number) {
    this.watched = Object.values(definition.metrics);
    this.periodMs = definition.periodSeconds * 1_000;
    this.next = metrics.indexOf(from, this.periodMs);
    this.formula = this.formulaOf(definition.watched);
    // It was there before the rollout, over a candidate without requests.
    this.state = evaluate([], definition, 'INSUFFICIENT_DATA');
  }

  /** Look at the periods that have become visible. Returns whether the alarm went off. */
  evaluate(now: number): boolean {
    const { definition, metrics, points } = this;
    const visible = metrics.indexOf(metrics.visibleUntil(now, this.periodMs), this.periodMs);
    let wentOff = false;
    for (; this.next < visible; this.next++) {
      this.index = this.next;
      const value = this.formula(this.value);
      points.unshift(Number.isNaN(value) ? undefined : COMPARE[definition.comparison](value, definition.threshold));
      points.length = Math.min(points.length, definition.evaluationPeriods + MORE_PERIODS);
      const state = evaluate(points, definition, this.state);
      if (state !== this.state) {
        this.state = state;
        this.reason =
          state === 'ALARM'
            ? `${definition.datapointsToAlarm} of ${definition.evaluationPeriods} periods of ${definition.periodSeconds} s against `
              + `${definition.threshold}, the last with ${Number(value.toPrecision(4))}`
            : '';
        wentOff ||= state === 'ALARM';
      }
    }
    return wentOff;
  }

  private readonly value = (id: string): number => this.values[id]?.() ?? NaN;

  private readonly values: { [id: string]: () => number } = {};

  private formulaOf(watched: string): Formula {
    const { metrics, periodMs } = this;
    for (const [id, { side, metric, statistic }] of Object.entries(this.definition.metrics)) {
      const column = metrics.column(side, metric, statistic, periodMs);
      this.values[id] = () => (metrics.requestsAt(side, periodMs, this.index) > 0 ? column(this.index) : NaN);
    }
    for (const [id, expression] of Object.entries(this.definition.expressions)) {
      const formula = compile(expression);
      this.values[id] = () => formula(this.value);
    }
    return (value) => value(watched);
  }
}
