import type { Chart, Line, Point, XAxis } from './chart';

/** What is known of a rollout over time, whether it runs or was rehearsed. */
export interface RolloutTrace {
  readonly x: XAxis;
  /** The candidate's share of the requests, percent, from each moment on. */
  readonly shares: readonly Point[];
  /** Failures of each version, percent of its requests. */
  readonly failures?: { readonly production: readonly Point[]; readonly candidate: readonly Point[] };
  /** Milliseconds. */
  readonly latency?: { readonly production: Quantiles; readonly candidate: Quantiles };
  /** Natural logarithm of the evidence against the candidate, and from where on it is rolled back. */
  readonly evidence?: { readonly points: readonly Point[]; readonly threshold: number };
  readonly marks?: Chart['marks'];
}

export interface Quantiles {
  readonly median: readonly Point[];
  readonly p99: readonly Point[];
}

/** The charts of a rollout, most important first. */
export function rolloutCharts({ x, shares, failures, latency, evidence, marks = [] }: RolloutTrace): Chart[] {
  const both = (production: Omit<Line, 'role'>, candidate: Omit<Line, 'role'>): Line[] => [
    { role: 'production', ...production }, { role: 'candidate', ...candidate },
  ];
  const charts: Chart[] = [{
    title: "Candidate's share", about: '% of the requests', x, marks, y: { kind: 'number', unit: '%', atLeast: 100 },
    lines: [{ label: 'candidate', role: 'candidate', steps: true, points: held(shares, x.until) }],
  }];
  if (evidence !== undefined) {
    charts.push({
      title: 'Evidence against the candidate',
      about: 'how much likelier what was seen is if it is worse',
      x,
      marks,
      y: { kind: 'evidence', unit: '' },
      lines: [{ label: 'all guardrails together', role: 'candidate', points: evidence.points }],
      levels: [{ y: evidence.threshold, label: 'rolled back from here' }],
    });
  }
  if (failures !== undefined) {
    charts.push({
      title: 'Failures', about: "% of the version's requests, with 95 % intervals", x, marks, y: { kind: 'number', unit: '%', atLeast: 1 },
      lines: both({ label: 'production', points: failures.production }, { label: 'candidate', points: failures.candidate }),
    });
  }
  if (latency !== undefined) {
    charts.push({
      title: 'Latency', about: 'ms, the median with its 95 % interval, and p99', x, marks, y: { kind: 'number', unit: 'ms' },
      lines: [
        ...both({ label: 'production', points: latency.production.median }, { label: 'candidate', points: latency.candidate.median }),
        ...both(
          { label: 'p99', points: latency.production.p99, dashed: true },
          { label: 'p99', points: latency.candidate.p99, dashed: true },
        ),
      ],
    });
  }
  return charts;
}

/** A share holds until the end. */
function held(shares: readonly Point[], until: number): Point[] {
  const last = shares.at(-1);
  return [...shares, ...last !== undefined && last.x < until ? [{ ...last, x: until }] : []];
}
