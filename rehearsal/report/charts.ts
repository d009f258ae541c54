import type { Chart, Point } from '../../page/chart';
import { rolloutCharts } from '../../page/rollout-charts';
import type { Run, Trace } from '../engine/run';
import { proportion } from '../statistics';
import type { CurvePoint } from './detection-curve';

/** One rehearsed rollout, as a running one is drawn. */
export function runCharts({ shares, seconds, trace }: Run): Chart[] {
  const until = Math.max(seconds / 60, 1);
  const { alarms, minutes } = trace!;
  return rolloutCharts({
    x: { kind: 'minutes', from: 0, until },
    shares: [{ x: 0, y: 0 }, ...shares.map(([second, share]) => ({ x: second / 60, y: share }))].filter(({ x }) => x <= until),
    failures: {
      production: failuresOf(minutes, 'productionRequests', 'productionFailures'),
      candidate: failuresOf(minutes, 'candidateRequests', 'candidateFailures'),
    },
    marks: alarms.filter(({ state }) => state === 'ALARM').map(({ second, alarm }) => ({ x: second / 60, label: `alarm ${alarm}` })),
  });
}

function failuresOf(
  minutes: Trace['minutes'], requests: 'candidateRequests' | 'productionRequests', failures: 'candidateFailures' | 'productionFailures',
): Point[] {
  return minutes.map((minute, x) => {
    const { estimate, low, high } = proportion(minute[failures], minute[requests]);
    return minute[requests] === 0 ? { x, y: null } : { x, y: 100 * estimate, low: 100 * low, high: 100 * high };
  });
}

/** How often a candidate is not promoted, by how often it fails. */
export function curveChart(curve: readonly CurvePoint[]): Chart {
  const rates = curve.map(({ errorRate }) => errorRate);
  return {
    title: 'Not promoted',
    about: "% of rollouts, by the candidate's error rate",
    x: {
      kind: 'rate', from: rates[0], until: rates.at(-1)!, label: "error rate of the candidate, the first as production's",
      ticks: rates.filter((rate, index) => index === 0 || rate >= 1.9 * rates[0]),
    },
    y: { kind: 'number', unit: '%', atLeast: 100 },
    lines: [
      { label: 'limit of any rule', role: 'limit', points: curve.map(({ errorRate, limit }) => ({ x: errorRate, y: 100 * limit })) },
      {
        label: 'this plan, with 95 % interval', role: 'candidate',
        points: curve.map(({ errorRate, kept }) => ({ x: errorRate, y: 100 * kept.estimate, low: 100 * kept.low, high: 100 * kept.high })),
      },
    ],
  };
}
