import type { Generating, Latency, Scenario } from './scenario';

const CHAT: Generating = {
  firstToken: { medianMs: 400, p99Ms: 1_500 },
  perToken: { medianMs: 20, p99Ms: 45 },
  tokensIn: { median: 600, p99: 4_000 },
  tokensOut: { median: 200, p99: 1_200 },
  cutOff: 0.02,
  filtered: 0.005,
  toolCalls: 0,
  unstructured: 0.01,
};

/** What holds unless a scenario says otherwise: ten requests a second, one failure in a hundred, nothing out of the ordinary. */
export const USUAL: Scenario = {
  name: 'healthy',
  description: 'the candidate is as good as production',
  traffic: { requestsPerSecond: 10, swing: 0, peakHour: 12, spikes: [] },
  production: { errorRate: 0.01, latency: { medianMs: 80, p99Ms: 250 }, accuracy: 0.9, rating: 0.8, agreement: 1, generation: CHAT },
  candidate: {
    errorRate: 0.01, latency: { medianMs: 80, p99Ms: 250 }, accuracy: 0.9, rating: 0.8, agreement: 1, generation: CHAT, onsetMinute: 0,
  },
  labels: { share: 0.2, medianMinutes: 2, p99Minutes: 10 },
  outages: [],
  metricOutages: [],
  clustered: false,
  badInputs: 0,
  refusals: 0,
  retries: 0,
  metricDelaySeconds: 20,
  alarmEventSeconds: 2,
  falseAlarmsPerHour: 0,
  approveAfterMinutes: 5,
  // A Tuesday morning, inside most time windows.
  startsAt: Date.UTC(2026, 0, 13, 9, 0),
};

function twice({ medianMs, p99Ms }: Latency): Latency {
  return { medianMs: 2 * medianMs, p99Ms: 2 * p99Ms };
}

/** Every built-in scenario over one picture of what is usual. */
export function builtInScenarios(usual: Scenario = USUAL): Scenario[] {
  const { production, traffic } = usual;
  const failing = (errorRate: number): Pick<Scenario, 'candidate'> => ({
    candidate: { ...usual.candidate, errorRate: Math.min(1, errorRate) },
  });
  const { errorRate, latency } = production;
  const like = (name: string, description: string, change: Partial<Scenario>): Scenario => ({ ...usual, ...change, name, description });
  const percent = (rate: number): string => `${Number((100 * rate).toPrecision(3))} %`;
  return [
    like('healthy', 'the candidate is as good as production', {}),
    like(
      'slightly-worse',
      `the candidate fails ${percent(1.5 * errorRate)} of its requests instead of ${percent(errorRate)}`,
      failing(1.5 * errorRate),
    ),
    like('worse', `the candidate fails ${percent(3 * errorRate)} of its requests instead of ${percent(errorRate)}`, failing(3 * errorRate)),
    like('broken', 'the candidate fails every request', failing(1)),
    like('slower', 'the candidate takes twice as long', {
      candidate: {
        ...usual.candidate,
        latency: twice(latency),
        generation: {
          ...usual.candidate.generation,
          firstToken: twice(production.generation.firstToken),
          perToken: twice(production.generation.perToken),
        },
      },
    }),
    like('slow-tail', "five of a hundred of the candidate's answers take ten times as long", {
      candidate: { ...usual.candidate, tail: { share: 0.05, factor: 10 } },
    }),
    like(
      'accuracy-collapse',
      `${percent(0.7 * production.accuracy)} of the candidate's answers are right instead of ${percent(production.accuracy)}, and `
        + 'labels come late',
      {
        candidate: { ...usual.candidate, accuracy: 0.7 * production.accuracy },
        labels: {
          ...usual.labels,
          medianMinutes: Math.max(5, usual.labels.medianMinutes),
          p99Minutes: Math.max(20, usual.labels.p99Minutes),
        },
      },
    ),
    like(
      'selective-labels',
      `${percent(1 - 2 * (1 - production.accuracy))} of the candidate's answers are right instead of ${percent(production.accuracy)}, `
        + 'and they get labels half as often',
      {
        candidate: { ...usual.candidate, accuracy: Math.max(0, 1 - 2 * (1 - production.accuracy)) },
        labels: { ...usual.labels, candidateFactor: 0.5 },
      },
    ),
    like(
      'bad-ratings',
      `callers rate the candidate's answers ${percent(0.7 * production.rating)} of the way from the worst to the best instead of `
        + percent(production.rating),
      { candidate: { ...usual.candidate, rating: 0.7 * production.rating } },
    ),
    like('losing', 'a judge finds production\'s answer the better one in 60 of 100 pairs that it decides', {
      candidate: { ...usual.candidate, losses: 0.6 },
    }),
    like('disagreement', `${percent(0.9 * production.agreement)} of the candidate's answers agree with production's`, {
      candidate: { ...usual.candidate, agreement: 0.9 * production.agreement },
    }),
    like('late-onset', `the candidate begins to fail ${percent(5 * errorRate)} after 20 minutes`, {
      candidate: { ...failing(5 * errorRate).candidate, onsetMinute: 20 },
    }),
    like('outage', 'both versions fail ten points more for ten minutes, the candidate is not to blame', {
      outages: [{ atMinute: 15, minutes: 10, errorRate: 0.1 }],
    }),
    like('clustered', 'failures come in groups, the candidate is as good as production', { clustered: true }),
    like('bad-inputs', `${percent(errorRate)} of the requests fail whichever version gets them, and are sent again twice`, {
      badInputs: errorRate,
      retries: 2,
    }),
    like('masked', `the same inputs fail at both versions, and after 20 minutes the candidate fails ${percent(2 * errorRate)} more`, {
      badInputs: errorRate,
      candidate: { ...failing(3 * errorRate).candidate, onsetMinute: 20 },
    }),
    like('refusals', "both versions refuse five of a hundred requests at once, as the caller's mistake", { refusals: 0.05 }),
    like('broken-caller', 'callers stick to a version, and one of them sends nothing but bad requests, three in a thousand of all', {
      callers: { count: 500, skew: 1, brokenShare: 0.003, failureSpread: 0, latencySpread: 0.1 },
    }),
    like('segment', 'one in a hundred requests is of a kind that the candidate always fails', { segment: { share: 0.01, errorRate: 1 } }),
    like('bursts', 'six times an hour forty requests in a row fail, whichever version they meet', { bursts: { perHour: 6, requests: 40 } }),
    like('hiccups', 'four times a day each version by itself fails ten points more for three minutes', {
      hiccups: { perDay: 4, minutes: 3, errorRate: 0.1 },
    }),
    like('wandering-latency', 'each version by itself is now a little slower, now a little faster, by five percent within ten minutes', {
      wander: { latency: 0.05, failures: 0, minutes: 10 },
    }),
    like(
      'cold-starts',
      'environments of Lambda functions have to be started, in three to eight seconds, and are gone after seven idle minutes',
      {
        environments: { initMs: { medianMs: 4_500, p99Ms: 8_000 }, idleMinutes: 7, candidateFactor: 1, cacheFactor: 1, cacheRequests: 0 },
      },
    ),
    like(
      'autoscaling',
      'the number of instances follows the load: production has four for the usual traffic, and one takes eight minutes to start',
      { instances: { usual: 4, startMinutes: 8 } },
    ),
    like('metric-outage', 'CloudWatch cannot be read from the second to the eleventh minute', {
      metricOutages: [{ atMinute: 2, minutes: 9 }],
    }),
    like('no-traffic', 'nobody calls', { traffic: { ...traffic, requestsPerSecond: 0 } }),
    like('spike', 'ten times the traffic for 20 minutes, the candidate is as good as production', {
      traffic: { ...traffic, spikes: [{ atMinute: 10, minutes: 20, factor: 10 }] },
    }),
    like('diurnal', 'traffic swings by 80 % over the day', { traffic: { ...traffic, swing: 0.8 } }),
    like('late-metrics', 'metrics are five minutes late, and the candidate fails three times as much', {
      metricDelaySeconds: 300,
      ...failing(3 * errorRate),
    }),
    like('controller-dead', 'the controller is gone after 12 minutes, and the candidate fails every request from then on', {
      controllerDiesAtMinute: 12,
      candidate: { ...failing(1).candidate, onsetMinute: 12 },
    }),
    like('false-alarms', 'alarms go off without cause, once in two hours', { falseAlarmsPerHour: 0.5 }),
    like('cancelled', 'the deployment is cancelled after 12 minutes', { cancelAtMinute: 12 }),
  ];
}
