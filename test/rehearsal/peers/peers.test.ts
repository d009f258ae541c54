import { rehearse } from '../../../rehearsal/engine/rehearse';
import { periodMsOf } from '../../../rehearsal/engine/simulation';
import { startOf, trafficOf } from '../../../rehearsal/engine/traffic';
import { randomOf } from '../../../rehearsal/engine/random';
import { alarmShift, CODE_DEPLOY, ECS, SAGE_MAKER } from '../../../rehearsal/peers/alarm-shift';
import { argoRollouts } from '../../../rehearsal/peers/argo-rollouts';
import { flagger } from '../../../rehearsal/peers/flagger';
import { kayenta } from '../../../rehearsal/peers/kayenta';
import { canaryScore } from '../../../rehearsal/peers/kayenta-judge';
import { pValue, twoSided } from '../../../rehearsal/peers/p-value';
import type { Peer, PeerMinute, PeerStep } from '../../../rehearsal/peers/peer';
import { concernsPeers, limitsFor, peersOf } from '../../../rehearsal/peers/peers';
import { rehearsePeer } from '../../../rehearsal/peers/rehearse-peer';
import { builtInScenarios, USUAL } from '../../../lib/core/rehearsal/built-in';
import type { Scenario } from '../../../lib/core/rehearsal/scenario';
import { proportion } from '../../../rehearsal/statistics';
import { foundRollout } from '../../fixtures/found-rollouts';

const limits = { errorRate: 0.02, p99Ms: 400 };
const good: PeerMinute = {
  candidateRequests: 100,
  candidateFailures: 1,
  productionRequests: 900,
  productionFailures: 9,
  candidateP99Ms: 250,
  productionP99Ms: () => 250,
};
const failing: PeerMinute = { ...good, candidateFailures: 30 };
const silent: PeerMinute = { ...good, candidateRequests: 0, candidateFailures: 0, candidateP99Ms: NaN };
const scenario = (name: string): Scenario => builtInScenarios().find((each) => each.name === name)!;

/** Shares minute by minute, and how it ended, when every minute is as told. */
function play(peer: Peer, measured: (minute: number) => PeerMinute): { shares: number[]; minutes: number; last: PeerStep } {
  const rollout = peer.start(randomOf(1));
  const shares: number[] = [];
  for (let minute = 0; ; minute++) {
    const step = rollout.at(minute, minute === 0 ? [] : [measured(minute - 1)]);
    if (step.verdict !== undefined) {
      return { shares, minutes: minute, last: step };
    }
    shares.push(step.percent);
  }
}

describe('CodeDeploy, by the schedules of its predefined configurations', () => {
  test('LambdaCanary10Percent5Minutes: ten percent, and five minutes later the rest', () => {
    const { shares, minutes, last } = play(alarmShift('', '', CODE_DEPLOY.canary(10, 5), limits), () => good);
    expect(shares).toEqual([10, 10, 10, 10, 10]);
    expect([minutes, last.verdict]).toEqual([5, 'promoted']);
  });

  test('LambdaLinear10PercentEvery1Minute: ten percent more every minute until all is shifted', () => {
    expect(play(alarmShift('', '', CODE_DEPLOY.linear(10, 1), limits), () => good).shares).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(play(alarmShift('', '', CODE_DEPLOY.linear(10, 10), limits), () => good).minutes).toBe(90);
  });

  test('an alarm of three of three minutes takes all of it back, one without data does not go off', () => {
    expect(play(alarmShift('', '', CODE_DEPLOY.linear(10, 10), limits), (minute) => (minute < 7 ? good : failing))).toMatchObject({ minutes: 10, last: { percent: 0, verdict: 'rolled back' } });
    expect(play(alarmShift('', '', CODE_DEPLOY.linear(10, 1), limits), (minute) => (minute % 3 === 0 ? good : failing)).last.verdict).toBe('promoted');
    expect(play(alarmShift('', '', CODE_DEPLOY.linear(10, 1), limits), () => silent).last.verdict).toBe('promoted');
    expect(play(alarmShift('', '', CODE_DEPLOY.linear(10, 1), limits), () => ({ ...good, candidateP99Ms: 500 })).last).toMatchObject({ sentence: expect.stringContaining('latency') });
  });
});

test('SageMaker, by the examples of its developer guide: 30 % and all of it baked for ten minutes each, or steps of 20 % for five', () => {
  const canary = play(alarmShift('', '', SAGE_MAKER.canary(30, 10), limits), () => good);
  expect([new Set(canary.shares), canary.minutes]).toEqual([new Set([30, 100]), 20]);
  const linear = play(alarmShift('', '', SAGE_MAKER.linear(20, 5), limits), () => good);
  expect([[...new Set(linear.shares)], linear.minutes]).toEqual([[20, 40, 60, 80, 100], 25]);
  // What comes up only with all of the traffic is rolled back in the final bake.
  expect(play(alarmShift('', '', SAGE_MAKER.canary(30, 10), limits), (minute) => (minute < 12 ? good : failing))).toMatchObject({ minutes: 15, last: { verdict: 'rolled back' } });
});

test('ECS, by the defaults of its canary: 5 % for ten minutes, then all of it, watched for as long', () => {
  const canary = play(alarmShift('', '', ECS.canary(5, 10), limits), () => good);
  expect([new Set(canary.shares), canary.minutes]).toEqual([new Set([5, 100]), 20]);
  expect(play(alarmShift('', '', ECS.canary(5, 10), limits), (minute) => (minute < 4 ? good : failing))).toMatchObject({ minutes: 7, last: { verdict: 'rolled back' } });
});

describe('a p-value below 0.05', () => {
  test('is the textbook\'s', () => {
    // z = 2 for 30 of 200 against 17 of 200 with the common rate 47 / 400.
    expect(twoSided({ candidateRequests: 200, candidateFailures: 30, productionRequests: 200, productionFailures: 17 })).toBeCloseTo(
      0.0436,
      3,
    );
    expect(twoSided({ candidateRequests: 0, candidateFailures: 0, productionRequests: 200, productionFailures: 17 })).toBe(1);
    expect(twoSided({ candidateRequests: 50, candidateFailures: 0, productionRequests: 200, productionFailures: 0 })).toBe(1);
  });

  test('read every minute rolls many more healthy candidates back than the one in forty of a single look', () => {
    const peer = pValue([{ percent: 50, minutes: 120 }]);
    const wrong = proportion(Array.from({ length: 300 }, (_, seed) => rehearsePeer(peer, USUAL, seed, 60_000)).filter(({ verdict }) => verdict === 'rolled back').length, 300);
    expect(wrong.low).toBeGreaterThan(0.1);
  });
});

describe('Flagger, by the figures of its documentation', () => {
  test('interval 1m, stepWeight 2, maxWeight 50: promoted after interval * maxWeight / stepWeight', () => {
    const { shares, minutes, last } = play(flagger(limits), () => good);
    expect(shares.slice(0, 3)).toEqual([2, 4, 6]);
    expect([Math.max(...shares), minutes, last.verdict]).toEqual([50, 25, 'promoted']);
  });

  test('rolled back after interval * threshold; failed checks hold the weight and are never forgotten; no values are one', () => {
    expect(play(flagger(limits), () => failing)).toMatchObject({ minutes: 10, last: { verdict: 'rolled back' } });
    const everyOther = play(flagger(limits), (minute) => (minute % 2 === 0 ? good : failing));
    expect([everyOther.minutes, everyOther.last.verdict]).toEqual([20, 'rolled back']);
    expect(play(flagger(limits), () => silent)).toMatchObject({ minutes: 10, last: { verdict: 'rolled back' } });
    expect(play(flagger(limits), (minute) => (minute < 9 ? failing : good))).toMatchObject({ minutes: 34, last: { verdict: 'promoted' } });
  });
});

test('Argo Rollouts, by its example: 20, 40, 60, 80 % for ten minutes; the fourth failed measurement aborts, and so does the fifth without data', () => {
  expect(play(argoRollouts(limits), () => good)).toMatchObject({ minutes: 40, last: { verdict: 'promoted' } });
  // Measured from the second weight on: at 10, 15, 20 and 25 minutes.
  expect(play(argoRollouts(limits), () => failing)).toMatchObject({ minutes: 25, last: { verdict: 'rolled back' } });
  expect(play(argoRollouts(limits), () => silent)).toMatchObject({ minutes: 30, last: { verdict: 'rolled back', sentence: expect.stringContaining('no data') } });
  expect(play(argoRollouts(limits), (minute) => (minute < 19 ? failing : good)).last.verdict).toBe('promoted');
});

describe('Kayenta', () => {
  test('its score: the passing part of each group, groups weigh alike, half without data is nothing to judge', () => {
    expect(canaryScore([['Pass', 'Pass'], ['Pass', 'High']])).toBe(75);
    expect(canaryScore([['Pass', 'High', 'Low'], ['Pass']])).toBe(66.67);
    expect(canaryScore([['Pass', 'Pass'], ['Nodata']])).toBe(100);
    expect(canaryScore([['Pass'], ['Nodata']])).toBe(0);
  });

  test('three runs of an hour; a candidate that fails more is back after the first, and so is one without data', () => {
    const varied = (minute: number, candidateFailures: number): PeerMinute => ({
      ...good,
      candidateRequests: 100 + (minute % 7),
      candidateFailures: candidateFailures + (minute % 3),
      productionFailures: 9 * (1 + (minute % 3)),
    });
    expect(play(kayenta(), (minute) => varied(minute, 1))).toMatchObject({ minutes: 180, last: { verdict: 'promoted', sentence: 'score 100' } });
    expect(play(kayenta(), (minute) => varied(minute, 8))).toMatchObject({ minutes: 60, last: { verdict: 'rolled back', sentence: 'score 50, not above 75' } });
    expect(play(kayenta(), () => silent)).toMatchObject({ minutes: 60, last: { verdict: 'rolled back' } });
  });
});

test('Kayenta\'s equal baseline makes it rarely wrong about a healthy candidate', () => {
  const runs = Array.from({ length: 200 }, (_, seed) => rehearsePeer(kayenta(), USUAL, seed, 60_000));
  // Two one-sided tests at 1 %, three looks each: at most 6 % if none of them shared data.
  expect(proportion(runs.filter(({ verdict }) => verdict === 'rolled back').length, 200).low).toBeLessThan(0.06);
});

describe('on identical traffic', () => {
  const rollout = foundRollout();

  test('a seed is the same requests whatever the share, of which the same would fail', () => {
    for (const name of ['worse', 'outage', 'diurnal', 'clustered']) {
      const of = (share: number): number[] => {
        const source = trafficOf(scenario(name), 4, startOf(scenario(name), randomOf(4)), randomOf(Math.round(100 * share))).traffic;
        return Array.from({ length: 40 }, (_, minute) => {
          const { candidateRequests, productionRequests } = source.draw(scenario(name).startsAt + 60_000 * minute, 60_000, share);
          return candidateRequests + productionRequests;
        });
      };
      expect(of(0.5)).toEqual(of(0));
      expect(of(1)).toEqual(of(0));
    }
    // All of the traffic at one version is the same failures for every rule.
    const failures = (routing: number): number => trafficOf(scenario('worse'), 9, 0, randomOf(routing)).traffic.draw(0, 600_000, 1).candidateFailures;
    expect(failures(1)).toBe(failures(2));
  });

  test('what a candidate of a peer gets and fails is as of the plan: shares of the same whole', async () => {
    const broken = scenario('broken');
    const peer = alarmShift('', '', [{ percent: 100, minutes: 30 }], { errorRate: 1, p99Ms: Infinity });
    const run = rehearsePeer(peer, broken, 3, periodMsOf(rollout));
    expect(run).toMatchObject({ verdict: 'promoted', candidateFailures: run.candidateRequests });
    const { trace } = await rehearse(rollout, { ...broken, candidate: USUAL.candidate }, { seed: 3, trace: true });
    const whole = trace!.minutes
      .slice(1, 31)
      .reduce((sum, { candidateRequests, productionRequests }) => sum + candidateRequests + productionRequests, 0);
    // The plan's minutes count from its start, a peer's from the next whole minute.
    expect(run.candidateRequests / whole).toBeCloseTo(1, 1);
  });

  test('every peer ends every scenario that concerns it, rolls back what is broken, and detection is timed from what was worse', () => {
    for (const peer of peersOf(rollout, USUAL)) {
      expect(rehearsePeer(peer, scenario('broken'), 1, 10_000).verdict).toBe('rolled back');
      expect(rehearsePeer(peer, scenario('no-traffic'), 1, 10_000)).toMatchObject({ candidateRequests: 0 });
      expect(rehearsePeer(peer, scenario('healthy'), 1, 10_000).detectionSeconds).toBeUndefined();
    }
    const linear = alarmShift('', '', CODE_DEPLOY.linear(10, 10), limitsFor(USUAL));
    const late = rehearsePeer(linear, { ...scenario('late-onset'), candidate: { ...USUAL.candidate, errorRate: 0.5, onsetMinute: 20 } }, 1, 10_000);
    expect(late.detectionSeconds! / 60).toBeGreaterThanOrEqual(3);
    expect(late.detectionSeconds! / 60).toBeLessThan(6);
  });

  test('what CloudWatch does not show a peer learns of afterwards, and goes on meanwhile', () => {
    const outage = scenario('metric-outage');
    expect(concernsPeers(outage)).toBe(true);
    const broken = { ...outage, candidate: { ...USUAL.candidate, errorRate: 0.5 } };
    const canary = alarmShift('', '', CODE_DEPLOY.canary(10, 30), limitsFor(USUAL));
    const [seen, unseen] = [{ ...broken, metricOutages: [] }, broken].map((each) => rehearsePeer(canary, each, 1, 10_000));
    expect([seen.verdict, unseen.verdict]).toEqual(['rolled back', 'rolled back']);
    // CloudWatch is away from the second to the eleventh minute.
    expect(seen.detectionSeconds! / 60).toBeLessThan(6);
    expect(unseen.detectionSeconds! / 60).toBeGreaterThanOrEqual(10);
    // A shift that is faster than that ends all the same.
    expect(rehearsePeer(alarmShift('', '', CODE_DEPLOY.canary(10, 5), limitsFor(USUAL)), broken, 1, 10_000).verdict).toBe('promoted');
  });

  test('a candidate of a peer starts its environments as one of a plan does', () => {
    const cold = scenario('cold-starts');
    expect(concernsPeers(cold)).toBe(true);
    const p99s = (each: Scenario): number[] => {
      const seenBy: number[] = [];
      const watching: Peer = {
        name: '', about: '', cloudWatch: false,
        start: () => ({ at: (minute, seen) => {
          seenBy.push(...seen.map(({ candidateP99Ms }) => candidateP99Ms));
          return minute < 4 ? { percent: 20 } : { percent: 100, verdict: 'promoted' };
        } }),
      };
      rehearsePeer(watching, each, 2, 10_000);
      return seenBy;
    };
    const [first, ...later] = p99s(cold);
    // What is started takes as long as it says; what is there does not.
    expect(first).toBeGreaterThan(2 * Math.max(...later));
    expect(Math.max(...p99s({ ...cold, environments: undefined }))).toBeLessThan(first);
  });

  test('an alarm canary is as often wrong as computed exactly', () => {
    // 10 % of ten requests a second, three of three minutes above 2 %, 30 minutes.
    const peer = alarmShift('', '', [{ percent: 10, minutes: 30 }], { errorRate: 0.02, p99Ms: Infinity });
    const seen = proportion(Array.from({ length: 2_000 }, (_, seed) => rehearsePeer(peer, USUAL, seed, 60_000)).filter(({ verdict }) => verdict === 'rolled back').length, 2_000);
    const exact = alarmsWithin(29);
    expect(Math.abs(seen.estimate - exact)).toBeLessThan(4 * Math.sqrt((exact * (1 - exact)) / 2_000));
  });
});

/** Chance that three minutes in a row breach among so many: those of a rollout that CloudWatch has before its last look. */
function alarmsWithin(minutes: number): number {
  const p = breach();
  let [none, one, two, fired] = [1, 0, 0, 0];
  for (let minute = 0; minute < minutes; minute++) {
    [none, one, two, fired] = [(none + one + two) * (1 - p), none * p, one * p, fired + two * p];
  }
  return fired;
}

/** Chance that more than 2 % of 60 requests on average fail, at 1 %: failures and the others are independent Poisson numbers. */
function breach(): number {
  const poisson = (mean: number, count: number): number => {
    let value = Math.exp(-mean);
    for (let i = 1; i <= count; i++) {
      value *= mean / i;
    }
    return value;
  };
  let sum = 0;
  for (let bad = 0; bad < 20; bad++) {
    for (let fine = 0; fine < 160; fine++) {
      sum += bad > 0.02 * (bad + fine) + 1e-12 ? poisson(0.6, bad) * poisson(59.4, fine) : 0;
    }
  }
  return sum;
}
