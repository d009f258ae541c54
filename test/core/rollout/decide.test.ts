import fc from 'fast-check';
import { decide } from '../../../lib/core/rollout/decide';
import type { GuardrailJudgement, Judgement, JudgeReason } from '../../../lib/core/judge/judgement';
import type { Evidence, GuardrailReading } from '../../../lib/core/rollout/evidence';
import type { JudgementPlan, RolloutPlan, Stage } from '../../../lib/core/rollout/plan';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { plan } from '../../fixtures/plan';
import { healthy } from '../../fixtures/world';
import { duration } from '../../../lib/core/text';
import type { Decision } from '../../../lib/core/rollout/decision';
import { gatePoints, percentOf } from '../../../lib/core/rollout/stages';

type State = Parameters<typeof decide>[1];

const MINUTE = 60_000;
const START = 1_700_000_000_000;

const state = (overrides: Partial<RolloutState> = {}): State => ({
  stage: 0,
  startedAt: START,
  stageStartedAt: START,
  prepared: true,
  ...overrides,
});
const reading = (overrides: Partial<GuardrailReading> = {}): GuardrailReading => ({ name: 'errors', action: 'rollback', status: 'ok', detail: 'fine', ...overrides });
const at = (
  minutes: number,
  overrides: { plan?: Partial<RolloutPlan>; state?: Partial<RolloutState>; evidence?: Partial<Evidence> } = {},
): Decision => decide(plan(overrides.plan), state(overrides.state), { ...healthy, ...overrides.evidence }, START + minutes * MINUTE);

const stages = fc.uniqueArray(fc.double({ min: 0.01, max: 100, noNaN: true }), { minLength: 1, maxLength: 6 }).map((percents): Stage[] =>
  percents.sort((a, b) => a - b).map((percent) => ({ percent, bakeSeconds: 60, approval: false })));
const counts = fc.option(fc.record({ requests: fc.nat(200), failures: fc.nat(200) }), { nil: undefined });
const evidence: fc.Arbitrary<Evidence> = fc.record({
  until: fc.constant(0),
  readiness: fc.option(fc.record({ ready: fc.boolean(), failed: fc.boolean() }), { nil: undefined }),
  candidate: counts,
  production: counts,
  guardrails: fc.array(fc.record({
    name: fc.constant('g'), action: fc.constantFrom('rollback' as const, 'hold' as const, 'observe' as const),
    status: fc.constantFrom('ok' as const, 'ok' as const, 'triggered' as const, 'unknown' as const), detail: fc.constant('d'),
  }), { maxLength: 2 }),
  calendar: fc.constantFrom('open' as const, 'closed' as const, 'unknown' as const),
  gates: fc.option(fc.array(fc.record({ name: fc.constant('h'), verdict: fc.constantFrom('pass' as const, 'wait' as const, 'fail' as const), reason: fc.constant('r') }), { maxLength: 2 }), { nil: undefined }),
});

test('a stage is baked, then the next begins, and after the last the candidate is promoted', () => {
  expect(at(4.9)).toMatchObject({ verdict: 'hold', stage: 0, percent: 5, sentence: 'holding at 5 %: baked for 5 min of 5 min' });
  expect(at(5)).toMatchObject({ verdict: 'advance', stage: 1, percent: 50, sentence: 'advancing from 5 % to 50 %: the candidate answered 1000 of 1000 requests' });
  expect(at(10, { state: { stage: 2 } })).toMatchObject({ verdict: 'promote', percent: 100 });
});

test.each<[string, Parameters<typeof at>[1], string, RegExp]>([
  ['a guardrail that is triggered', { evidence: { guardrails: [reading({ status: 'triggered', detail: 'alarm errors is in ALARM: 9 > 5' })] } }, 'roll back', /^rolled back: guardrail errors: alarm errors is in ALARM: 9 > 5$/],
  ['a guardrail that only holds', { evidence: { guardrails: [reading({ action: 'hold', status: 'triggered', detail: 'slow' })] } }, 'hold', /guardrail errors: slow/],
  ['a guardrail that only observes', { evidence: { guardrails: [reading({ action: 'observe', status: 'triggered' })] } }, 'advance', /advancing/],
  ['a guardrail that is unknown', { evidence: { guardrails: [reading({ status: 'unknown', detail: 'no data' })] } }, 'hold', /guardrail errors: no data/],
  ['counts that are not known', { evidence: { candidate: undefined } }, 'hold', /the number of requests is not known/],
  ['counts that are not known, where few requests would do', { evidence: { candidate: undefined }, plan: { tooFewRequests: 'advance' } }, 'hold', /not known/],
  ['too few requests', { evidence: { candidate: { requests: 49, failures: 0 } } }, 'hold', /had 49 requests in this stage, 50 are needed/],
  ['too few requests, where few will do', { evidence: { candidate: { requests: 49, failures: 0 } }, plan: { tooFewRequests: 'advance' } }, 'advance', /49 of 49/],
  ['too few requests, where few are a reason', { evidence: { candidate: { requests: 49, failures: 0 } }, plan: { tooFewRequests: 'rollback' } }, 'roll back', /49 requests/],
  ['more failures than requests', { evidence: { candidate: { requests: 5, failures: 9 } } }, 'invalid', /contradict each other: 9 failures of 5/],
  ['no number at all', { evidence: { production: { requests: NaN, failures: 0 } } }, 'invalid', /contradict/],
  ['a pause', { state: { paused: { by: 'ann', reason: 'lunch', at: 0 } } }, 'hold', /paused by ann \(lunch\)/],
  ['an approval that is missing', { plan: { stages: plan().stages.map((stage) => ({ ...stage, approval: true })) } }, 'hold', /waiting for approval of 50 %/],
  ['an approval', { plan: { stages: plan().stages.map((stage) => ({ ...stage, approval: true })) }, state: { approved: { stage: 1, by: 'ann', at: 0 } } }, 'advance', /advancing/],
  ['a closed window', { plan: { windows: [{ days: [], fromMinute: 0, toMinute: 60, timeZone: 'UTC' }] } }, 'hold', /outside the time windows/],
  ['a closed calendar', { plan: { calendars: ['c'] }, evidence: { calendar: 'closed' } }, 'hold', /a change calendar is closed/],
  ['a calendar that is not known', { plan: { calendars: ['c'] }, evidence: { calendar: 'unknown' } }, 'hold', /not known/],
  ['a hook that waits', { evidence: { gates: [{ name: 'hook x', verdict: 'wait', reason: 'not yet' }] } }, 'hold', /hook x: not yet/],
  ['a hook that refuses', { evidence: { gates: [{ name: 'hook x', verdict: 'fail', reason: 'bad answers' }] } }, 'roll back', /hook x: bad answers/],
  ['a person who promotes', { state: { promotion: { by: 'ann', at: 0 } }, evidence: { candidate: undefined } }, 'promote', /promoted: ann asked for it/],
  ['a person who promotes what a guardrail stands against', { state: { promotion: { by: 'ann', at: 0 } }, evidence: { guardrails: [reading({ status: 'triggered' })] } }, 'roll back', /guardrail/],
  ['the deadline', { state: { startedAt: START - 3_000_000, paused: { by: 'ann', at: 0 } } }, 'roll back', /deadline of 50 min passed at 5 %: paused by ann/],
])('%s', (_, given, verdict, sentence) => {
  const decision = at(6, given);
  expect(decision.verdict).toBe(verdict);
  expect(decision.sentence).toMatch(sentence);
});

test('a version is rejected for what it did, not for what nobody saw', () => {
  expect(at(6, { evidence: { guardrails: [reading({ status: 'triggered' })] } }).rejects).toBe(true);
  expect(at(6, { evidence: { gates: [{ name: 'h', verdict: 'fail', reason: 'r' }] } }).rejects).toBe(true);
  expect(at(90).rejects).toBe(false);
});

describe('by evidence', () => {
  const uncertain: GuardrailJudgement = { name: 'errors', action: 'rollback', logEvidence: 0, certified: false, silent: false, phrase: 'errors: 1.0 times as often', sentence: 'errors: 1.0 times as often, not certified' };
  const lacking: JudgeReason = { kind: 'uncertified', guardrail: 'errors', text: uncertain.sentence };
  const says = (verdict: Judgement['verdict'], overrides: Partial<Judgement> = {}): Judgement => ({
    verdict,
    sentence: 'what it says',
    reasons: verdict === 'hold' ? [lacking] : [],
    logEvidence: 0,
    highestLogEvidence: 0,
    logThreshold: Math.log(100),
    guardrails: [uncertain],
    sampleRatio: { logEvidence: 0, logThreshold: 7 },
    problems: [],
    periods: { closed: 9, withData: 9, inStep: 9, sinceLast: 0 },
    ...overrides,
  });
  const byEvidence = (policy: JudgementPlan['uncertified']['policy'] = 'pause'): Partial<RolloutPlan> => ({
    guardrails: [{ kind: 'errors', name: 'errors', action: 'rollback' }],
    judgement: { alpha: 0.01, uncertified: { afterSeconds: 600, policy } },
  });
  const silent = says('hold', { reasons: [{ kind: 'silent', guardrail: 'errors', text: 'errors: no data for 3 periods or more' }, lacking] });

  test.each<[string, number, Parameters<typeof at>[1], string, string | RegExp]>([
    ['that permits it', 6, { plan: byEvidence(), evidence: { judgement: says('advance-permitted') } }, 'advance', 'advancing from 5 % to 50 %: the candidate answered 1000 of 1000 requests; what it says'],
    ['that permits it, before the bake time is over', 4, { plan: byEvidence(), evidence: { judgement: says('advance-permitted') } }, 'hold', /baked for/],
    ['that permits it beside an alarm', 6, { plan: byEvidence(), evidence: { judgement: says('advance-permitted'), guardrails: [reading({ status: 'triggered' })] } }, 'roll back', /guardrail errors/],
    ['of harm', 1, { plan: byEvidence(), evidence: { judgement: says('roll back') } }, 'roll back', 'rolled back: what it says'],
    ['of harm, whoever promotes', 1, { plan: byEvidence(), evidence: { judgement: says('roll back') }, state: { promotion: { by: 'ann', at: 0 } } }, 'roll back', /what it says/],
    ['that is invalid', 6, { plan: byEvidence('advance'), evidence: { judgement: says('invalid') } }, 'invalid', 'holding at 5 %: what it says'],
    ['that was not read', 6, { plan: byEvidence('advance'), evidence: { judgementProblem: 'Throttling: no' } }, 'hold', 'holding at 5 %: the evidence is not known: Throttling: no'],
    ['that nobody asked for', 99, { plan: { ...byEvidence('advance'), deadlineSeconds: 1e6 } }, 'hold', /the evidence is not known: it was not read/],
    ['of only the split that was not read', 6, { plan: { judgement: { ...byEvidence().judgement!, sampleRatio: { tolerance: 0.05, alpha: 0.001 } } } }, 'hold', /not known/],
    ['that lacks certification', 6, { plan: byEvidence('advance'), evidence: { judgement: says('hold') } }, 'hold', 'holding at 5 %: what it says'],
    ['that lacks certification for long, pause', 16, { plan: byEvidence('pause'), evidence: { judgement: says('hold') } }, 'hold', /: not certified 10 min after the bake time: what it says; it waits for more evidence, or for somebody to promote it$/],
    ['that lacks certification for long, advance', 16, { plan: byEvidence('advance'), evidence: { judgement: says('hold') } }, 'advance', /what it says/],
    ['that lacks more than certification for long, advance', 16, { plan: byEvidence('advance'), evidence: { judgement: silent } }, 'hold', /what it says/],
    ['that lacks certification for long, rollback', 16, { plan: byEvidence('rollback'), evidence: { judgement: says('hold') } }, 'roll back', 'rolled back: not certified 10 min after the bake time: what it says'],
    ['that looks worse, in a stage that is not the last', 16, { plan: byEvidence('advance'), evidence: { judgement: says('hold', { guardrails: [{ ...uncertain, looksWorse: true }] }) } }, 'advance', /what it says/],
    ['that looks worse in the last stage', 21, { plan: byEvidence('advance'), state: { stage: 2 }, evidence: { judgement: says('hold', { guardrails: [{ ...uncertain, looksWorse: true }] }) } }, 'hold', /: not certified 10 min after the bake time: what it says; errors looks worse than production's in the last stage, so it waits for more evidence, or for somebody to promote it$/],
    ['that lacks certification in the last stage', 21, { plan: byEvidence('advance'), state: { stage: 2 }, evidence: { judgement: says('hold') } }, 'promote', /what it says/],
    ['that lacks certification, but a person promotes', 6, { plan: byEvidence(), evidence: { judgement: says('hold') }, state: { promotion: { by: 'ann', at: 0 } } }, 'promote', /ann asked/],
  ])('%s', (_, minutes, given, verdict, sentence) => {
    const decision = at(minutes, given);
    expect(decision.verdict).toBe(verdict);
    expect(decision.sentence).toMatch(typeof sentence === 'string' ? new RegExp(`^${sentence.replace(/[.*+?()]/g, '\\$&')}$`) : sentence);
    expect(decision.rejects).toBe(verdict === 'roll back' && !/not certified/.test(decision.sentence));
  });

  test('the share never rises without certification', () => {
    const judgements = fc.option(fc.record({
      verdict: fc.constantFrom('advance-permitted' as const, 'hold' as const, 'roll back' as const, 'invalid' as const), lacking: fc.boolean(),
    }).map(({ verdict, lacking }) => says(verdict, verdict === 'hold' && !lacking ? { reasons: silent.reasons } : {})), { nil: undefined });
    fc.assert(
      fc.property(stages, evidence, judgements, fc.integer({ min: 0, max: 5 }), fc.nat(4_000), fc.constantFrom('pause' as const, 'advance' as const, 'rollback' as const),
        (planned, seen, judgement, stage, seconds, policy) => {
          const current = Math.min(stage, planned.length - 1);
          const used = plan({ stages: planned, deadlineSeconds: 1e6, ...byEvidence(policy) });
          const { verdict, sentence } = decide(used, state({ stage: current }), { ...seen, judgement }, START + seconds * 1_000);
          if (verdict === 'advance' || verdict === 'promote') {
            const late = policy === 'advance' && seconds >= 660 && judgement?.verdict === 'hold' && judgement.reasons.length === 1;
            expect(judgement?.verdict === 'advance-permitted' || late).toBe(true);
          }
          if (judgement?.verdict === 'roll back') {
            expect(verdict).toBe('roll back');
          }
          expect(sentence).toMatch(/^(?:rolled back|holding at|advancing from|promoted)\b/);
        }),
      { numRuns: 3_000 },
    );
  });
});

describe('before traffic', () => {
  const before = { stage: -1, prepared: false } as const;

  test('the candidate must be ready', () => {
    expect(at(1, { state: before })).toMatchObject({ verdict: 'hold', percent: 0 });
    expect(at(1, { state: before, evidence: { readiness: { ready: false, failed: false, problem: 'SageMaker endpoint x is Creating' } } }).sentence).toBe('holding at 0 %: SageMaker endpoint x is Creating');
    expect(at(1, { state: before, evidence: { readiness: { ready: true, failed: false } } })).toMatchObject({ verdict: 'advance', stage: 0, percent: 5 });
  });

  test('a wrong answer to a golden request ends it, waiting too long does too', () => {
    expect(at(1, { state: before, evidence: { readiness: { ready: false, failed: true, problem: 'smoke test "one": $.label is 3 instead of 1' } } })).toMatchObject({
      verdict: 'roll back', rejects: true, sentence: 'rolled back: smoke test "one": $.label is 3 instead of 1',
    });
    expect(at(11, { state: before, evidence: { readiness: { ready: false, failed: false, problem: 'p' } } })).toMatchObject({ verdict: 'roll back', rejects: false });
  });

  test('nobody can promote what does not answer', () => {
    expect(at(1, { state: { ...before, promotion: { by: 'ann', at: 0 } } }).verdict).toBe('hold');
  });
});

test('hooks are due before traffic, before each step and before promotion', () => {
  expect([-1, 0, 1, 2].map((stage) => gatePoints(plan(), { stage }))).toEqual([['before-traffic', 'before-step'], ['before-step'], ['before-step'], ['before-promotion']]);
});

test('whatever the evidence, the share follows the plan, one stage at a time, and never rises on what is missing or bad', () => {
  fc.assert(
    fc.property(stages, evidence, fc.integer({ min: -1, max: 5 }), fc.boolean(), fc.nat(4_000), fc.constantFrom('hold' as const, 'advance' as const, 'rollback' as const),
      (planned, seen, stage, prepared, seconds, tooFewRequests) => {
        const current = Math.min(stage, planned.length - 1);
        const used = plan({ stages: planned, tooFewRequests, calendars: ['c'] });
        const decision = decide(used, state({ stage: current, prepared: prepared || current >= 0 }), seen, START + seconds * 1_000);
        const moved = decision.verdict === 'advance' || decision.verdict === 'promote';
        const stays = decision.verdict === 'roll back' ? { percent: 0, stage: -1 } : { percent: percentOf(used, decision.stage), stage: current };
        expect(decision.percent).toBe(decision.verdict === 'promote' ? 100 : stays.percent);
        expect(decision.stage).toBe(moved ? current + 1 : stays.stage);
        if (moved) {
          expect(seen.guardrails.some(({ action, status }) => (action === 'rollback' && status === 'triggered') || (action !== 'observe' && status !== 'ok'))).toBe(false);
          expect(seen.calendar).toBe('open');
          expect(seen.gates?.some(({ verdict }) => verdict !== 'pass') ?? false).toBe(false);
          if (current >= 0) {
            expect(seconds).toBeGreaterThanOrEqual(60);
            expect(seen.candidate!.failures).toBeLessThanOrEqual(seen.candidate!.requests);
            expect(tooFewRequests === 'advance' || seen.candidate!.requests >= used.minimumRequests).toBe(true);
          }
        }
        if (seen.guardrails.some(({ action, status }) => action === 'rollback' && status === 'triggered')) {
          expect(decision.verdict).toBe('roll back');
        }
        expect(decision.sentence).toMatch(/^(?:rolled back|holding at|advancing from|promoted)\b/);
      }),
    { numRuns: 3_000 },
  );
});

test.each([[0, '0 s'], [119, '119 s'], [120, '2 min'], [5_400, '1 h 30 min'], [7_200, '2 h']])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));
