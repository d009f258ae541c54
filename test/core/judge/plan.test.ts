import { checkPlan, InvalidPlanError } from '../../../lib/core/judge/check-plan';
import type { GuardrailPlan, JudgePlan } from '../../../lib/core/judge/plan';
import { errorsPlan } from '../../fixtures/judged-rollouts';

const counts = (changes: object): JudgePlan => ({
  ...errorsPlan,
  guardrails: [{ ...errorsPlan.guardrails[0], ...changes } as GuardrailPlan],
});
const guardrail = (plan: object): JudgePlan => ({ ...errorsPlan, guardrails: [{ name: 'g', label: 'g', ...plan } as GuardrailPlan] });

describe('plan', () => {
  test.each<[string, JudgePlan]>([
    ['the smallest', errorsPlan],
    ['an objective without production', counts({ allowed: { ratio: 0, tolerance: 0.01 }, margin: { ratio: 0, tolerance: 0.02 } })],
    ['a mean', guardrail({ kind: 'mean', worse: 'higher', standardDeviation: 2 })],
    ['drift', guardrail({ kind: 'drift', bins: 10 })],
    ['disagreement', guardrail({ kind: 'disagreement', bound: 0.02 })],
    ['discordance', guardrail({ kind: 'discordance' })],
  ])('accepts %s', (_, plan) => {
    expect(() => checkPlan(plan)).not.toThrow();
  });

  test.each<[string, JudgePlan, RegExp]>([
    ['levels', { ...errorsPlan, alpha: 1, certificationAlpha: 0 }, /alpha is 1, not between 0 and 1; certificationAlpha is 0/],
    ['NaN', { ...errorsPlan, alpha: NaN, suspicion: NaN, firstInvestment: NaN }, /alpha is NaN.*suspicion is NaN.*firstInvestment is NaN/],
    ['times', { ...errorsPlan, start: 0.5, periodMs: 0, plannedPeriods: -1 }, /start is 0.5.*periodMs is 0.*plannedPeriods is -1/],
    ['counts of periods', { ...errorsPlan, minimumPeriods: -1, silentPeriods: 0 }, /minimumPeriods is -1.*silentPeriods is 0/],
    ['a split check', { ...errorsPlan, sampleRatio: { tolerance: -1, alpha: 2, overdispersion: 0 } }, /sampleRatio.alpha is 2.*tolerance is -1.*overdispersion is 0/],
    ['no guardrails', { ...errorsPlan, guardrails: [] }, /no guardrails/],
    ['guardrails that only watch', counts({ action: 'observe' }), /no guardrail protects anybody/],
    ['two of one name', { ...errorsPlan, guardrails: [errorsPlan.guardrails[0], errorsPlan.guardrails[0]] }, /two guardrails have the same name/],
    ['a margin inside what is allowed', counts({ margin: { ratio: 1.05, tolerance: 0.001 } }), /errors: margin is not wider than allowed/],
    ['no outcomes', counts({ outcomes: [] }), /errors: no outcomes/],
    ['a bound of nothing', counts({ allowed: { ratio: 0, tolerance: 0 } }), /bounds nothing/],
    ['an odds ratio of 0', counts({ outcomes: [{ label: 'slow', form: 'odds' }], allowed: { ratio: 0, tolerance: 0.01 } }), /allowed.ratio is 0/],
    ['shares', counts({ share: 0, overdispersion: 0.5 }), /share is 0.*overdispersion is 0.5/],
    ['a mean with its margin on the wrong side', guardrail({ kind: 'mean', worse: 'lower', margin: 1.2, standardDeviation: 0 }), /standardDeviation is 0.*allowed 0.95 and margin 1.2/],
    ['bins', guardrail({ kind: 'drift', bins: 1, ratio: 0.5 }), /bins is 1.*ratio is 0.5/],
    ['a bound on pairs', guardrail({ kind: 'disagreement', bound: 0, margin: 1 }), /bound is 0.*margin is 1/],
    ['ratios of pairs', guardrail({ kind: 'discordance', ratio: 2, margin: 1 }), /ratio 2 and margin 1/],
    ['a tolerance of pairs', guardrail({ kind: 'discordance', tolerance: 0 }), /tolerance is 0, not between 0 and 1/],
  ])('fails on %s, saying everything at once', (_, plan, problem) => {
    expect(() => checkPlan(plan)).toThrow(InvalidPlanError);
    expect(() => checkPlan(plan)).toThrow(problem);
  });
});
