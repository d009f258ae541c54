import fc from 'fast-check';
import { Judge, judge } from '../../../lib/core/judge/judge';
import type { Period } from '../../../lib/core/judge/period';
import type { GuardrailPlan, JudgePlan } from '../../../lib/core/judge/plan';
import { after, errorsPlan, MINUTE, minutes, START } from '../../fixtures/judged-rollouts';

const shuffled = <T>(values: readonly T[], seed: number): T[] => [...values].sort((a, b) =>
  Math.sin(seed * (values.indexOf(a) + 1)) - Math.sin(seed * (values.indexOf(b) + 1)));

describe('judge', () => {
  test('permits a healthy candidate to advance once certified and baked', () => {
    const judgement = judge(errorsPlan, minutes(40), after(40));
    expect(judgement.verdict).toBe('advance-permitted');
    expect(judgement.reasons).toEqual([]);
    expect(judgement.guardrails[0]).toMatchObject({ name: 'errors', action: 'rollback', certified: true, silent: false });
    expect(judgement.sentence).toMatch(/^errors: [\d,]+ of 1\d,\d{3} \([\d.]+ %\) of the candidate's requests, [\d,]+ of [\d,]+ \([\d.]+ %\) of production's, [\d.]+ times as often \[[\d.]+, [\d.]+\]; combined evidence [\d.]+$/);
    expect(judgement.periods).toEqual({ closed: 40, withData: 40, inStep: 40, sinceLast: 0 });
  });

  test('holds the same candidate while it has not baked, and while it is not certified', () => {
    const { verdict, sentence, reasons } = judge(errorsPlan, minutes(3, 0.014), after(3));
    expect(verdict).toBe('hold');
    expect(sentence).toMatch(/^baked 3 of 10 periods \(and 1 more\)$/);
    expect(reasons[1].text).toMatch(/not certified \([\d.]+ of 20\)$/);
  });

  test('rolls a regression back and says why in words', () => {
    const judgement = judge(errorsPlan, minutes(12, 0.035), after(12));
    expect(judgement.verdict).toBe('roll back');
    expect(judgement.attributedTo).toBe('errors');
    expect(judgement.crossedAt).toBeLessThanOrEqual(START + 12 * MINUTE);
    expect(judgement.highestLogEvidence).toBeGreaterThanOrEqual(Math.log(100));
    expect(judgement.guardrails[0].ratio!.lower).toBeGreaterThan(1.1);
    expect(judgement.sentence)
      .toMatch(/^errors: [\d,]+ of [\d,]+ \([\d.]+ %\) of the candidate's requests, [\d,]+ of [\d,]+ \([\d.]+ %\) of production's, [\d.]+ times as often \[[\d.]+, [\d.]+\]; allowed are 1\.1 times and 0\.05 % more; evidence [\d,]+ > 100 at 2026-11-24 12:\d\d UTC$/);
  });

  test('says what was counted since harm began, where it began late: hours of health are no contradiction', () => {
    const judgement = judge(errorsPlan, [...minutes(60, 0.01), ...minutes(90, 0.06, 9).slice(60)], after(90));
    const [, requests, ratio, since] =
      /^errors: \d+ of ([\d,]+) .* ([\d.]+) times as often \[.*\], since 2026-11-24 (\d\d:\d\d) UTC; allowed .*; evidence [\d,]+ > 100 at/.exec(judgement.sentence)!;
    const whole = judgement.guardrails[0].counts!.candidateTotal;
    expect(Number(requests.replace(',', ''))).toBeLessThan(whole / 2);
    const [hour, minute] = new Date(START + 60 * MINUTE).toISOString().slice(11, 16).split(':').map(Number);
    const [saidHour, saidMinute] = since.split(':').map(Number);
    expect(Number(ratio)).toBeGreaterThan(judgement.guardrails[0].ratio!.estimate!);
    expect(Math.abs(60 * (saidHour - hour) + saidMinute - minute)).toBeLessThan(8);
  });

  test('stays with a rollback whatever comes later, so that nobody had to look at the right minute', () => {
    const bad = minutes(6, 0.05, 2);
    const recovered = minutes(120, 0.002, 3).slice(6);
    const judgement = judge({ ...errorsPlan, plannedPeriods: 10 }, [...bad, ...recovered], after(120));
    expect(judgement.logEvidence).toBeLessThan(judgement.highestLogEvidence);
    expect(judgement.verdict).toBe('roll back');
  });

  test('holds a certified candidate while evidence of harm is suspicious', () => {
    const plan: JudgePlan = { ...errorsPlan, certificationScope: 'rollout', minimumPeriods: 0 };
    const judges = new Judge(plan);
    const healthy = minutes(30);
    healthy.forEach((period) => judges.add(period));
    expect(judges.judgement(after(30)).verdict).toBe('advance-permitted');
    const seen = new Set<string>();
    minutes(90, 0.017, 5).slice(30).forEach((period, i) => {
      judges.add(period);
      const { verdict, reasons, logEvidence } = judges.judgement(after(31 + i));
      const suspicious = logEvidence > Math.log(10);
      expect(reasons.some(({ kind }) => kind === 'suspicious') || verdict !== 'hold').toBe(true);
      const uncrossed = suspicious ? 'hold' : 'advance-permitted';
      expect(verdict).toBe(judges.crossedAt !== undefined ? 'roll back' : uncrossed);
      seen.add(verdict);
    });
    expect(seen).toContain('hold');
  });

  test('asks every step for its own certification and bake', () => {
    const periods = [...minutes(40), ...minutes(45, 0.014).slice(40)].map((period, i) => ({ ...period, step: i < 40 ? 0 : 1 }));
    const { verdict, guardrails, reasons } = judge(errorsPlan, periods, after(45, 1));
    expect(verdict).toBe('hold');
    expect(guardrails[0].certified).toBe(false);
    expect(reasons.map(({ text }) => text)).toContain('baked 5 of 10 periods');
    expect(judge({ ...errorsPlan, certificationScope: 'rollout', minimumPeriods: 5 }, periods, after(45, 1)).verdict).toBe('advance-permitted');
  });

  test('fails to take the periods of the step before for those of the current one', () => {
    const { verdict, reasons } = judge({ ...errorsPlan, minimumPeriods: 0 }, minutes(40), after(40, 1));
    expect(verdict).toBe('hold');
    expect(reasons.map(({ text }) => text)).toContain('the latest period that has been read is not of this step');
  });

  test('combines guardrails under one alpha and names the one to blame', () => {
    const plan: JudgePlan = {
      ...errorsPlan,
      guardrails: [
        ...errorsPlan.guardrails,
        { name: 'latency', kind: 'counts', outcomes: [{ label: 'slow requests', form: 'odds' }, { label: 'very slow requests' }] },
      ],
    };
    const periods = minutes(15).map((period, i): Period => ({
      ...period,
      measurements: {
        ...period.measurements,
        latency: { kind: 'counts', candidate: { total: 300, bad: [140 + (i % 7), 18] }, production: { total: 5700, bad: [2850, 57] } },
      },
    }));
    const judgement = judge(plan, periods, after(15));
    expect(judgement.verdict).toBe('roll back');
    expect(judgement.attributedTo).toBe('latency');
    expect(judgement.sentence).toContain('very slow requests: 18 of 300 (6 %)');
    const [errors, latency] = judgement.guardrails.map(({ logEvidence }) => Math.exp(logEvidence));
    expect(Math.exp(judgement.logEvidence) / ((errors + latency) / 2)).toBeCloseTo(1, 9);
    expect(judgement.guardrails[1].outcomes!.map(({ label, certified }) => [label, certified])).toEqual([['slow requests', true], ['very slow requests', false]]);
  });

  test('lets a guardrail hold or only watch, without rolling back', () => {
    const spread = (factor: number): GuardrailPlan => ({ name: 'drift', kind: 'drift', label: 'score', bins: 2, action: factor > 0 ? 'hold' : 'observe' });
    const periods = minutes(40).map((period): Period => ({
      ...period, measurements: { ...period.measurements, drift: { kind: 'drift', candidate: [200, 100], production: [2850, 2850] } },
    }));
    const held = judge({ ...errorsPlan, guardrails: [...errorsPlan.guardrails, spread(1)] }, periods, after(40));
    expect(held.verdict).toBe('hold');
    expect(held.sentence).toMatch(/^score index 0\.\d+, noise alone 0\.\d+, evidence over a million \(held since /);
    expect(held.guardrails[1].drift!.stabilityIndex).toBeGreaterThan(0.1);
    expect(judge({ ...errorsPlan, guardrails: [...errorsPlan.guardrails, spread(0)] }, periods, after(40)).verdict).toBe('advance-permitted');
  });

  test('declares the analysis invalid when requests are not split as configured', () => {
    const periods = minutes(40).map((period) => ({ ...period, share: 0.08 }));
    const judgement = judge(errorsPlan, periods, after(40));
    expect(judgement.verdict).toBe('invalid');
    expect(judgement.sentence).toMatch(/^analysis invalid: the candidate received [45](\.\d)?% of the requests instead of 8%, evidence over a million/);
    expect(judgement.sampleRatio.brokenAt).toBe(START);
  });

  test('judges means, disagreement and labelled pairs through the same seam', () => {
    const guardrails: GuardrailPlan[] = [
      { name: 'reward', kind: 'mean', label: 'reward', worse: 'lower', standardDeviation: 1, capped: true },
      { name: 'answers', kind: 'disagreement', label: 'answers', bound: 0.02, margin: 0.04 },
      { name: 'labels', kind: 'discordance', label: 'labels' },
    ];
    const of = (reward: number, disagreements: number, wrong: number): Period[] => minutes(40).map((period) => ({
      ...period,
      measurements: {
        reward: {
          kind: 'mean',
          candidate: { count: 300, sum: 300 * reward, sumOfSquares: 300 * (reward ** 2 + 1), cappedSum: 300 * reward / 10 },
          production: { count: 5700, sum: 5700 * 5, sumOfSquares: 5700 * 26, cappedSum: 5700 / 2 },
        },
        answers: { kind: 'disagreement', pairs: 600, disagreements },
        labels: { kind: 'discordance', pairs: 100, onlyCandidateWrong: wrong, onlyProductionWrong: 4 },
      },
    }));
    const plan = { ...errorsPlan, guardrails };
    expect(judge(plan, of(5, 9, 3), after(40)).verdict).toBe('advance-permitted');
    expect(judge(plan, of(4.5, 9, 3), after(40))).toMatchObject({ verdict: 'roll back', attributedTo: 'reward' });
    expect(judge(plan, of(5, 40, 3), after(40)).sentence).toMatch(/^answers: 40 of 600 pairs disagree, 2% allowed; evidence/);
    expect(judge(plan, of(5, 9, 14), after(40)).sentence)
      .toMatch(/^labels: of [\d,]+ labelled pairs \d+ were wrong in the candidate alone, \d+ in production alone; evidence/);
    const [reward] = judge(plan, of(5, 9, 3), after(40)).guardrails;
    expect(reward.sentence).toMatch(/^reward 5 against 5 in production, 12,000 outcomes, evidence .*, certified$/);
    expect(reward.difference!.lower).toBeLessThan(0.25);
    expect(reward.difference!.upper).toBeGreaterThan(0.25);
  });

  test('disregards the warm-up in its guardrails', () => {
    const cold = minutes(30).map((period, i): Period => (i > 1 ? period : {
      ...period, measurements: { errors: { kind: 'counts', candidate: { total: 300, bad: [150] }, production: { total: 5700, bad: [57] } } },
    }));
    expect(judge(errorsPlan, cold, after(30)).verdict).toBe('roll back');
    expect(judge({ ...errorsPlan, warmUpPeriods: 2 }, cold, after(30)).verdict).toBe('advance-permitted');
  });

  test('is the same however often, in whatever order and in whatever pieces the periods were read', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(0.005, 0.01, 0.02, 0.04),
        fc.integer({ min: 1, max: 1000 }),
        (count, rate, seed) => {
          const periods = minutes(count, rate, seed);
          const judgement = judge(errorsPlan, periods, after(count));
          expect(judge(errorsPlan, periods, after(count))).toEqual(judgement);
          expect(JSON.parse(JSON.stringify(judgement))).toEqual(judgement);
          expect(judge(errorsPlan, [...shuffled(periods, seed), ...periods.slice(0, seed % count)], after(count))).toEqual(judgement);
          const piecewise = new Judge(errorsPlan);
          periods.forEach((period, i) => {
            piecewise.add(period);
            if (i % 7 === 0) {
              piecewise.judgement(after(i + 1));
            }
          });
          expect(piecewise.judgement(after(count))).toEqual(judgement);
        },
      ),
      { numRuns: 40, seed: 11 },
    );
  });

  test('has more evidence of harm the more the candidate fails, and never less health for failing less', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 30 }), fc.nat(39), (count, more, at) => {
      const periods = minutes(count, 0.015, 7 * count + more);
      const worse = periods.map((period, i): Period => {
        const errors = period.measurements.errors!;
        return i !== at % count || errors.kind !== 'counts'
          ? period
          : {
              ...period,
              measurements: {
                errors: {
                  ...errors,
                  candidate: { ...errors.candidate, bad: [Math.min(errors.candidate.total, errors.candidate.bad[0] + more)] },
                },
              },
            };
      });
      const [better, harmed] = [judge(errorsPlan, periods, after(count)), judge(errorsPlan, worse, after(count))];
      expect(harmed.logEvidence).toBeGreaterThanOrEqual(better.logEvidence - 1e-9);
      expect(harmed.guardrails[0].certified! && !better.guardrails[0].certified!).toBe(false);
    }), { numRuns: 60, seed: 12 });
  });
});
