import type { JudgePlan, OutcomePlan } from '../../../lib/core/judge/plan';
import { Assignment } from '../../../lib';
import type { Figure } from './figure';
import { callers } from '../worlds/callers';
import { badInputs, independent, type Independent, refusals } from '../worlds/independent';
import { bursts, clusters, hiccups, retries, wandering } from '../worlds/correlated';
import { mixed, pareto, slowedBy, USUAL } from '../worlds/latencies';
import { rolloutOf, steps } from '../worlds/plans';
import { type Conditions, type Ending, RolloutInWorld } from '../worlds/rollout';
import { blackFriday, coldCache, dayAndNight } from '../worlds/shared';
import type { World } from '../worlds/world';

/** 5, 25, 50 and 80 %, ten minutes each, with the default guardrails and all defaults else. */
const planWith = (
  endpoint: Parameters<typeof rolloutOf>[1],
  props: Parameters<typeof rolloutOf>[0] = {},
): (() => ReturnType<typeof rolloutOf>) => {
  let found: ReturnType<typeof rolloutOf> | undefined;
  return () => (found ??= rolloutOf({ shift: steps([5, 25, 50]), ...props }, endpoint));
};
const plan = planWith({});
const stickyPlan = planWith({ assignment: Assignment.header('x-user') });

async function endings(world: World, runs: number, judging?: Conditions['judging'], by = plan): Promise<Ending[]> {
  const simulation = new RolloutInWorld({ rollout: world.sticks === true ? stickyPlan() : by(), world, judging });
  const ended: Ending[] = [];
  for (let run = 0; run < runs; run++) {
    ended.push(await simulation.run(97_000_000 + run));
  }
  return ended;
}

const share = (count: number, of: number): string => `${Number((100 * count / of).toPrecision(3))} %`;

/** Wilson's lower limit at 95 %: what is seen in few runs is no proof of more than this. */
function atLeast(count: number, of: number): number {
  const z = 1.96;
  const part = count / of;
  return Math.max(0, (part + z * z / (2 * of) - z * Math.sqrt(part * (1 - part) / of + z * z / (4 * of * of))) / (1 + z * z / of));
}

/** Which of the times in order is the lower limit of the median, at 95 %. */
function earliestMedian(runs: number): number {
  return Math.max(0, Math.floor(runs / 2 - 0.98 * Math.sqrt(runs)));
}

/**
 * A candidate as good as production, in a world in which it is hard to see that. `excluded` are the worlds that the documentation excludes
 * by name.
 */
const healthy = (name: string, world: World, excluded = false): Figure => ({
  section: 'worlds: healthy candidates rolled back, default guardrails',
  name,
  demanded: excluded ? '(informs)' : '<= 1 %',
  runs: 1_000,
  measure: async (runs) => {
    const ended = await endings(world, runs);
    const back = ended.filter(({ verdict }) => verdict === 'rolled back').length;
    const gaveUp = ended.filter(({ verdict }) => verdict === 'gave up').length;
    return {
      text: `${share(back, runs)}${gaveUp > 0 ? `, gave up ${share(gaveUp, runs)}` : ''}`,
      ...(excluded ? {} : { met: atLeast(back, runs) <= 0.01 }),
    };
  },
});

/**
 * A candidate that is worse: minutes from `onset` until it is rolled back, the share of those that are promoted first.
 *
 * @param most minutes of judged traffic at the median; the first are not judged: routers learn of the share, and it settles
 */
const harm = (
  name: string,
  world: World,
  { median, missed = 0.05, onset }: { readonly median?: number; readonly missed?: number; readonly onset?: number } = {},
): Figure => ({
  section: 'worlds: harm, minutes until it is rolled back',
  name,
  demanded: `${median === undefined ? '' : `median <= ${median} min, `}missed <= ${100 * missed} %`,
  runs: 500,
  measure: async (runs) => {
    const from = onset ?? unjudged();
    const ended = await endings(world, runs);
    const minutes = ended.map(({ verdict, minute }) => (verdict === 'rolled back' ? minute - from : Infinity)).sort((a, b) => a - b);
    const lost = ended.filter(({ verdict }) => verdict !== 'rolled back').length;
    const middle = minutes[runs >> 1];
    return {
      text: `median ${Number.isFinite(middle) ? middle : '-'}, 95 % `
        + `${Number.isFinite(minutes[Math.floor(0.95 * runs)]) ? minutes[Math.floor(0.95 * runs)] : '-'} min, missed ${share(lost, runs)}`,
      met: (median === undefined || minutes[earliestMedian(runs)] <= median) && atLeast(lost, runs) <= missed,
    };
  },
});

/** Whole minutes at the start in which a fresh share settles. */
function unjudged(): number {
  return Math.ceil((plan().plan.settlingSeconds ?? 0) / 60);
}

/** The plan with its guardrails' outcomes known otherwise. */
const knowing = (plan: JudgePlan, of: (outcome: OutcomePlan) => OutcomePlan): JudgePlan => ({
  ...plan,
  guardrails: plan.guardrails.map((guardrail) =>
    guardrail.kind === 'counts' ? { ...guardrail, outcomes: guardrail.outcomes.map(of) } : guardrail,
  ),
});

/** What robustness buys, and what it costs. */
const robustness = ([
  ['as judged', (judged) => judged],
  ['without what production\'s day tells', (judged) => knowing(judged, ({ label, form }) => ({ label, form }))],
  ['as if requests were independent: requestsPerBurst 1', (judged) => judged, planWith({}, { requestsPerBurst: 1 })],
] as const satisfies readonly (readonly [string, (plan: JudgePlan) => JudgePlan, typeof plan?])[]).map(([name, judging, by]): Figure => ({
  section: 'robustness, default guardrails: healthy rolled back, and median minutes until harm is',
  name,
  demanded: '(informs)',
  runs: 200,
  measure: async (runs) => {
    const texts: string[] = [];
    for (const [world, of] of [
      ['hanging instances 100 rps', hiccups({ rate: 100 })],
      ['clusters 10 rps', clusters({ rate: 10, inHistory: false })],
      ['failures wander .3 10 rps', wandering({ rate: 10, failures: 0.3 })],
      ['latency wanders 10 % 100 rps', wandering({ rate: 100, latency: 0.1 })],
    ] as const) {
      const ended = await endings(of, runs, judging, by);
      texts.push(`${world} ${share(ended.filter(({ verdict }) => verdict === 'rolled back').length, runs)}`);
    }
    for (const [world, of] of [
      ['1 -> 3 % 10 rps', independent({ rate: 10, candidate: 0.03 })],
      ['100 rps', independent({ rate: 100, candidate: 0.03 })],
      ['1 -> 3 % where instances hang, 100 rps', hiccups({ rate: 100, worse: 0.03 })],
      ['1 -> 20 % 10 rps', independent({ rate: 10, candidate: 0.2 })],
      ['20 % slower 10 rps', independent({ rate: 10, candidateSlower: slower(1.2) })],
    ] as const) {
      const minutes = (await endings(of, runs, judging, by))
        .map(({ verdict, minute }) => (verdict === 'rolled back' ? minute - unjudged() : Infinity))
        .sort((a, b) => a - b);
      texts.push(`${world} ${minutes[runs >> 1]} min`);
    }
    return { text: texts.join(', ') };
  },
}));

const slower = (factor: number): Independent['candidateSlower'] => {
  const slowed = slowedBy(factor, USUAL);
  return () => slowed;
};
const tail = mixed([0.98, USUAL], [0.02, slowedBy(10, USUAL)]);

export const worldFigures: readonly Figure[] = [
  healthy('independent requests, 10 rps', independent({ rate: 10 })),
  healthy('independent requests, 100 rps', independent({ rate: 100 })),
  healthy('one in 2,000 fails, 100 rps', independent({ rate: 100, failing: 0.0005 })),
  healthy('one in five fails, 10 rps', independent({ rate: 10, failing: 0.2 })),
  healthy('as bad as is allowed, 100 rps', independent({ rate: 100, candidate: 0.0115 })),
  healthy('ten per cent slower, which is allowed, 10 rps', independent({ rate: 10, candidateSlower: slower(1.1) })),
  healthy('five per cent slower, 50,000 rps', independent({ rate: 50_000, candidateSlower: slower(1.05) })),
  healthy('5 % refused fast, 100 rps', refusals({ rate: 100, part: 0.05 })),
  healthy('2 % that fail fast at whoever gets them, 100 rps', badInputs({ rate: 100, part: 0.02, fastMs: 8 })),
  healthy('failed requests tried again three times, 10 rps', retries({ rate: 10 })),
  healthy('failed requests tried again three times, 100 rps', retries({ rate: 100 })),
  healthy('day, night and deployments of others, 10 rps', dayAndNight({ rate: 10 })),
  healthy('day, night and deployments of others, 100 rps', dayAndNight({ rate: 100 })),
  healthy('Black Friday, 10 rps', blackFriday({ rate: 10 })),
  healthy('latencies with a Pareto tail, 10 rps', independent({ rate: 10, slower: pareto(30, 1.1) })),
  healthy('instances that fail 30 % for 2 to 5 min twice a day, 10 rps', hiccups({ rate: 10 })),
  healthy('instances that fail 30 % for 2 to 5 min twice a day, 100 rps', hiccups({ rate: 100 })),
  healthy('nothing fails but for instances that hang so, 10 rps', hiccups({ rate: 10, failing: 0 })),
  healthy('failures in clusters of 1 to 5, none in history, 10 rps', clusters({ rate: 10, inHistory: false })),
  healthy('failures in clusters of 1 to 5, none in history, 100 rps', clusters({ rate: 100, inHistory: false })),
  healthy('bursts of 40 failures to one version, 10 rps', bursts({ rate: 10 })),
  healthy('latency of each version wanders by 5 %, 10 rps', wandering({ rate: 10, latency: 0.05 })),
  healthy('latency of each version wanders by 5 %, 100 rps', wandering({ rate: 100, latency: 0.05 })),
  healthy('latency of both wanders together by 30 %, 10 rps', wandering({ rate: 10, latency: 0.3, together: true })),
  healthy('failures of each version wander by 0.3, 10 rps', wandering({ rate: 10, failures: 0.3 })),
  healthy('latency of each version wanders by 10 %, 100 rps', wandering({ rate: 100, latency: 0.1 })),
  healthy('failures of each version wander by half, 10 rps', wandering({ rate: 10, failures: 0.5 })),
  healthy('a cache of 500 requests, 100 rps', coldCache({ rate: 100, warmRequests: 500 })),
  healthy('a cache of 5,000 requests, 100 rps', coldCache({ rate: 100, warmRequests: 5_000 }), true),
  healthy('hit rate 0.05 lower at small shares, 10 rps', coldCache({ rate: 10, warmRequests: 1, lasting: 0.05 })),
  healthy('instances that fail 30 % for 2 to 5 min twice a day, 1,000 rps', hiccups({ rate: 1_000 })),
  healthy('callers who stick, a twentieth of them broken, 10 rps', callers({ rate: 10, kind: 'broken' })),
  healthy('callers who stick, a twentieth of them broken, 100 rps', callers({ rate: 100, kind: 'broken' })),
  healthy('callers who stick and differ by half in failures, 10 rps', callers({ rate: 10, kind: 'mild', latency: 0.1 })),
  healthy(
    '20,000 callers who stick, a twentieth of them broken, 10 rps',
    callers({ rate: 10, kind: 'broken', callers: 20_000, exponent: 0.8 }),
  ),
  healthy('400 callers who stick, one of whom always fails, 20 rps', callers({ rate: 20, kind: 'one', callers: 400, exponent: 0.5 })),
  healthy('callers who stick, whose failures move by 0.2 over night, 100 rps', callers({ rate: 100, kind: 'broken', overnight: 0.2 })),
  healthy('callers who stick, whose failures move by 0.3 from hour to hour, 100 rps', callers({ rate: 100, kind: 'broken', hourly: 0.3 })),
  healthy('callers who stick, and 5 % of all requests fail now, 100 rps', callers({ rate: 100, kind: 'broken', outageNow: 0.05 })),
  healthy('callers who stick, and all answers take twice as long now, 100 rps', callers({ rate: 100, kind: 'broken', slowNow: 2 })),
  harm('callers who stick, +2 % failures, 10 rps', callers({ rate: 10, kind: 'broken', worse: (failing) => failing + 0.02 })),
  harm('callers who stick, +2 % failures, 100 rps', callers({ rate: 100, kind: 'broken', worse: (failing) => failing + 0.02 })),
  harm('callers who stick, 20 % slower, 100 rps', callers({ rate: 100, kind: 'broken', slower: 1.2 })),
  harm('callers who stick, 50 % slower, 10 rps', callers({ rate: 10, kind: 'broken', slower: 1.5 })),
  harm('1 -> 3 % failures, 10 rps', independent({ rate: 10, candidate: 0.03 }), { median: 25 }),
  harm('1 -> 3 % failures, 100 rps', independent({ rate: 100, candidate: 0.03 }), { median: 6 }),
  harm('1 -> 3 % failures, 1,000 rps', independent({ rate: 1_000, candidate: 0.03 }), { median: 2 }),
  harm('0 -> 3 % failures, 10 rps', independent({ rate: 10, failing: 0, candidate: 0.03 }), { median: 6 }),
  harm('0 -> 3 % failures, 100 rps', independent({ rate: 100, failing: 0, candidate: 0.03 }), { median: 3 }),
  harm('1 -> 2 % failures, 100 rps', independent({ rate: 100, candidate: 0.02 })),
  harm('1 -> 20 % failures, 10 rps', independent({ rate: 10, candidate: 0.2 })),
  harm('1 -> 20 % failures, 100 rps', independent({ rate: 100, candidate: 0.2 })),
  harm('all fail, 10 rps (without the built-in alarm, which takes 30 s)', independent({ rate: 10, candidate: 1 })),
  harm('1 -> 3 % failures, instances that hang, 10 rps', hiccups({ rate: 10, worse: 0.03 })),
  harm('1 -> 3 % failures, instances that hang, 100 rps', hiccups({ rate: 100, worse: 0.03 })),
  harm('1 -> 3 % failures, instances that hang, 1,000 rps', hiccups({ rate: 1_000, worse: 0.03 })),
  harm('0 -> 3 % failures, instances that hang, 10 rps', hiccups({ rate: 10, failing: 0, worse: 0.03 })),
  harm('20 % slower, 10 rps', independent({ rate: 10, candidateSlower: slower(1.2) })),
  harm('50 % slower, 10 rps', independent({ rate: 10, candidateSlower: slower(1.5) })),
  harm('2 % take ten times as long, 10 rps', independent({ rate: 10, candidateSlower: () => tail })),
  harm('bad inputs at both, +2 % failures from minute 37, 100 rps', badInputs({ rate: 100, part: 0.01, extra: 0.02, from: 37 }), {
    onset: 37,
  }),
  harm(
    '5 times the failures above 60 % share, 10 rps',
    independent({ rate: 10, candidate: (_, percent) => (percent > 0.6 ? 0.05 : 0.01) }),
    { onset: 0 },
  ),
  harm(
    '3 times the failures above 60 % share, 10 rps',
    independent({ rate: 10, candidate: (_, percent) => (percent > 0.6 ? 0.03 : 0.01) }),
    { onset: 0 },
  ),
  harm('10 times the failures above 60 % share, 1 rps', independent({ rate: 1, candidate: (_, percent) => (percent > 0.6 ? 0.1 : 0.01) }), {
    onset: 0,
  }),
  harm('1 -> 3 % where failures of each version wander by 0.3, 10 rps', wandering({ rate: 10, failures: 0.3, worse: 3 })),
  harm('50 % slower where latency of each version wanders by 10 %, 100 rps', wandering({ rate: 100, latency: 0.1, slower: 1.5 })),
  ...robustness,
];
