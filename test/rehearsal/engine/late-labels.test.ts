import { Template } from 'aws-cdk-lib/assertions';
import { Duration } from 'aws-cdk-lib/core';
import { CanaryRollout, FeedbackOutcome, Guardrail, InferenceFeedback, TrafficShift } from '../../../lib/index';
import { rolloutsOf } from '../../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../../rehearsal/assembly/found-rollout';
import { blindSpot } from '../../../rehearsal/results/blind-spots';
import { randomOf } from '../../../rehearsal/engine/random';
import { rehearse } from '../../../rehearsal/engine/rehearse';
import { SimulatedLabels } from '../../../rehearsal/engine/simulated-labels';
import { concerns } from '../../../rehearsal/scenario/concerns';
import { builtInScenarios, USUAL } from '../../../lib/core/rehearsal/built-in';
import { isWorse, type Scenario } from '../../../lib/core/rehearsal/scenario';
import { summarize } from '../../../rehearsal/results/summary';
import { newEndpoint, newStack } from '../../fixtures/stacks';
import { foundRollout } from '../../fixtures/found-rollouts';

const scenario = (name: string): Scenario =>
  builtInScenarios({ ...USUAL, traffic: { ...USUAL.traffic, requestsPerSecond: 40 } }).find((each) => each.name === name)!;
const shift = TrafficShift.steps([10, 50], { bakeTime: Duration.minutes(10) });

/** Judged by what callers tell of its answers, and by nothing else. */
function withFeedback(sampleRate?: number, outcome = FeedbackOutcome.label('$.label')): FoundRollout {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  const feedback = new InferenceFeedback(stack, 'Feedback', { endpoint, outcome, sampleRate });
  new CanaryRollout(stack, 'FraudRollout', { endpoint, shift, guardrails: [Guardrail.feedback({ feedback, labelDelay: Duration.minutes(5) })] });
  return rolloutsOf('Stack', Template.fromStack(stack).toJSON())[0];
}

describe('labels that come late', () => {
  const labels = { share: 0.5, medianMinutes: 5, p99Minutes: 30 };
  const of = (): SimulatedLabels => new SimulatedLabels(labels, { origin: 0, periodMs: 60_000, random: randomOf(1) });
  const inferences = { recorded: 1, of: () => ({ inferences: 100_000, chances: [0.2] }) };

  test('half of them after the median, nearly all after the 99 % quantile, and as many wrong as the version is', () => {
    const simulated = of();
    expect(simulated.at('production', inferences, 60_000, 0, 60_000)).toBeUndefined();
    const half = simulated.at('production', inferences, 60_000, 0, 360_000)!;
    expect(half.known / 50_000).toBeCloseTo(0.5, 2);
    expect(half.parts[0] / half.known).toBeCloseTo(0.2, 2);
    const later = simulated.at('production', inferences, 60_000, 0, 60_000 * 31)!;
    expect(later.known / 50_000).toBeCloseTo(0.99, 2);
    expect(later.parts[0]).toBeGreaterThan(half.parts[0]);
  });

  test('who asks twice is told the same, a longer period is the sum of its shorter ones, and without a record there is none', () => {
    const simulated = of();
    const now = 60_000 * 20;
    const minutes = Array.from({ length: 5 }, (_, minute) => simulated.at('candidate', inferences, 60_000, minute, now)!.known);
    expect(simulated.at('candidate', inferences, 60_000, 2, now)!.known).toBe(minutes[2]);
    expect(simulated.at('candidate', inferences, 300_000, 0, now)!.known).toBe(minutes.reduce((sum, known) => sum + known, 0));
    expect(simulated.at('other', { ...inferences, recorded: 0 }, 60_000, 0, now)).toBeUndefined();
  });
});

describe('labels that select themselves', () => {
  const selective = scenario('selective-labels');

  test('hold the rollout: it compares nothing, and is never promoted', async () => {
    const run = await rehearse(withFeedback(), selective, { seed: 1, trace: true });
    expect(run.verdict).toBe('gave up');
    expect(run.trace!.decisions.map(({ sentence }) => sentence)).toContainEqual(expect.stringMatching(/^holding at 10 %: analysis invalid: feedback: the candidate's answers got \d\.\d% of the labels instead of (9|10|11)/));
  });

  test('concern plans that look at labels', () => {
    expect([withFeedback(), foundRollout({ shift })].map((rollout) => concerns(rollout, selective))).toEqual([true, false]);
    expect(isWorse(selective)).toBe(true);
  });
});

describe('accuracy that collapses', () => {
  const collapse = scenario('accuracy-collapse');

  test('is found by a guardrail on feedback alone, after the labels have come', async () => {
    const judged = withFeedback();
    const run = await rehearse(judged, collapse, { seed: 1 });
    expect(run).toMatchObject({ verdict: 'rolled back', sentence: expect.stringMatching(/wrong answers/) });
    expect(run.detectionSeconds).toBeGreaterThan(300);
    expect(run.excessWrong).toBeGreaterThan(0);
    expect(await rehearse(judged, scenario('healthy'), { seed: 1 })).toMatchObject({ verdict: 'promoted', excessWrong: 0 });
    expect(blindSpot(judged.plan, collapse)).toBeUndefined();
  });

  test('is missed by a plan that looks at failures and latency, and the report says so', async () => {
    const blind = foundRollout({ shift });
    const run = await rehearse(blind, collapse, { seed: 2 });
    expect(run.verdict).toBe('promoted');
    const { miss, wrongResponses, blind: sentence } = summarize(collapse, [run], { blind: blindSpot(blind.plan, collapse) });
    expect(miss!.estimate).toBe(1);
    expect(wrongResponses).toBeCloseTo(run.candidateRequests * 0.99 * 0.27, -2);
    expect(sentence).toMatch(/Guardrail\.feedback/);
  });

  test('counts as bad responses that are required to be few', () => {
    const run = { verdict: 'rolled back', sentence: '', gist: '', seconds: 60, detectionSeconds: 60, candidateRequests: 100, candidateFailures: 1, excessFailures: 0, excessWrong: 27, answered: true, shares: [] } as const;
    expect(summarize({ ...collapse, expect: { maxBadResponses: 27 } }, [run]).unmet).toEqual([
      'maxBadResponses: 28 requests failed at the candidate of a rollout, or were answered wrong where production is right, on average, expected at most 27',
    ]);
    expect(summarize({ ...collapse, expect: { maxBadResponses: 28 } }, [run]).unmet).toEqual([]);
    expect(isWorse(collapse)).toBe(true);
  });
});

describe('ratings', () => {
  const rated = (minValue: number, maxValue: number): FoundRollout => withFeedback(1, FeedbackOutcome.rating({ minValue, maxValue }));
  const bad = scenario('bad-ratings');

  test.each([['thumbs', 0, 1], ['stars', 1, 5], ['a scale below nothing', -10, 10]])('as %s: worse ones roll a candidate back, equal ones promote it', async (_, minValue, maxValue) => {
    const rollout = rated(minValue, maxValue);
    expect(await rehearse(rollout, bad, { seed: 1 })).toMatchObject({ verdict: 'rolled back', sentence: expect.stringMatching(/mean rating .* against .* in production, [\d,]+ outcomes; evidence/) });
    expect(await rehearse(rollout, scenario('healthy'), { seed: 1 })).toMatchObject({ verdict: 'promoted' });
    expect(blindSpot(rollout.plan, bad)).toBeUndefined();
  });

  test('that select themselves hold the rollout: they compare nothing', async () => {
    const fewer = { ...bad, labels: { ...bad.labels, candidateFactor: 0.5 } };
    const run = await rehearse(rated(1, 5), fewer, { seed: 1, trace: true });
    expect(run.verdict).toBe('gave up');
    expect(run.trace!.decisions.map(({ sentence }) => sentence)).toContainEqual(expect.stringMatching(/^holding at 10 %: analysis invalid: feedback: the candidate's answers got \d\.\d% of the labels/));
  });

  test('are looked at by no other guardrail, and the report says so', () => {
    expect(blindSpot(foundRollout({ shift }).plan, bad)).toMatch(/where InferenceFeedback takes ratings/);
    expect([rated(1, 5), withFeedback()].map((rollout) => concerns(rollout, bad))).toEqual([true, false]);
    expect(isWorse(bad)).toBe(true);
  });
});

describe('disagreement', () => {
  const shadowed = foundRollout({ shift, shadow: { bakeTime: Duration.minutes(10), minAgreementRate: 0.95 } });

  test('is found by a shadow before any caller sees an answer', async () => {
    expect(await rehearse(shadowed, scenario('disagreement'), { seed: 1 })).toMatchObject({ verdict: 'rolled back', candidateRequests: 0, sentence: expect.stringContaining('shadow') });
    // A shadow that fails does not agree either.
    expect(await rehearse(shadowed, scenario('broken'), { seed: 1 })).toMatchObject({ verdict: 'rolled back', candidateRequests: 0 });
    expect(blindSpot(shadowed.plan, scenario('disagreement'))).toBeUndefined();
  });

  test('is missed without, and the report says so', async () => {
    const blind = foundRollout({ shift });
    expect((await rehearse(blind, scenario('disagreement'), { seed: 2 })).verdict).toBe('promoted');
    expect(blindSpot(blind.plan, scenario('disagreement'))).toMatch(/ShadowMirror/);
    expect(blindSpot(blind.plan, scenario('worse'))).toBeUndefined();
  });
});
