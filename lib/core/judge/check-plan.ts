import { actionOf, DEFAULTS, type GuardrailPlan, type JudgePlan, meanBounds, mustCertify } from './plan';

/** A plan whose evidence would mean nothing. A mistake of whoever wrote the plan: data never cause it. */
export class InvalidPlanError extends Error {
  override readonly name = 'InvalidPlanError';
}

/** Throws {@link InvalidPlanError} with everything that is wrong with a plan. */
export function checkPlan(plan: JudgePlan): void {
  const problems: string[] = [];
  const require = (holds: boolean, problem: string): void => {
    if (!holds) {
      problems.push(problem);
    }
  };
  const level = (value: number, name: string): void => require(value > 0 && value < 1, `${name} is ${value}, not between 0 and 1`);

  require(Number.isSafeInteger(plan.start), `start is ${plan.start}, not whole epoch milliseconds`);
  require(Number.isSafeInteger(plan.periodMs) && plan.periodMs > 0, `periodMs is ${plan.periodMs}, not a positive integer`);
  require(Number.isSafeInteger(plan.plannedPeriods) &&
    plan.plannedPeriods > 0, `plannedPeriods is ${plan.plannedPeriods}, not a positive integer`);
  require(plan.longestPeriods === undefined ||
    (Number.isSafeInteger(plan.longestPeriods) &&
      plan.longestPeriods > 0), `longestPeriods is ${plan.longestPeriods}, not a positive integer`);
  (plan.coarser ?? []).forEach(({ after, length }, i, { [i - 1]: before = { after: 0, length: 1 } }) => {
    require([after, length].every((value) => Number.isSafeInteger(value) && value > 0) &&
      after >= before.after &&
      (after - before.after) % before.length ===
        0, `coarser has ${length} periods after ${after}, which is not a continuation of ${before.length} after ${before.after}`);
  });
  for (const name of ['perPeriod', 'atOnce'] as const) {
    require(plan.clip === undefined ||
      (plan.clip[name] > 0 && plan.clip[name] < Infinity), `clip.${name} is ${plan.clip?.[name]}, not a positive number of nats`);
  }
  for (const name of ['minimumPeriods', 'warmUpPeriods', 'silentPeriods'] as const) {
    const value = plan[name] ?? DEFAULTS[name];
    require(Number.isSafeInteger(value) && value >= (name === 'silentPeriods' ? 1 : 0), `${name} is ${value}, not a whole number`);
  }
  level(plan.alpha ?? DEFAULTS.alpha, 'alpha');
  level(plan.certificationAlpha ?? DEFAULTS.certificationAlpha, 'certificationAlpha');
  require((plan.suspicion ?? DEFAULTS.suspicion) >= 1, `suspicion is ${plan.suspicion}, below 1`);
  require(!((plan.firstInvestment ?? 0.5) <= 0 || (plan.firstInvestment ?? 0.5) > 1 || Number.isNaN(plan.firstInvestment)),
    `firstInvestment is ${plan.firstInvestment}, not in (0, 1]`);
  const sampleRatio = plan.sampleRatio ?? DEFAULTS.sampleRatio;
  level(sampleRatio.alpha, 'sampleRatio.alpha');
  require(sampleRatio.tolerance >= 0 &&
    sampleRatio.tolerance < Infinity, `sampleRatio.tolerance is ${sampleRatio.tolerance}, not a number of at least 0`);
  require(sampleRatio.overdispersion >= 1 &&
    sampleRatio.overdispersion < Infinity, `sampleRatio.overdispersion is ${sampleRatio.overdispersion}, below 1`);

  require(plan.guardrails.length > 0, 'no guardrails');
  require(plan.guardrails.length === 0 ||
    plan.guardrails.some(
      (guardrail) => actionOf(guardrail) !== 'observe' && (mustCertify(guardrail) || guardrail.kind === 'drift'),
    ), 'no guardrail protects anybody: all only observe or need no certification');
  require(new Set(plan.guardrails.map((guardrail) => guardrail.name)).size === plan.guardrails.length, 'two guardrails have the same name');
  for (const guardrail of plan.guardrails) {
    problems.push(...guardrailProblems(guardrail).map((problem) => `${guardrail.name}: ${problem}`));
  }
  if (problems.length > 0) {
    throw new InvalidPlanError(`the plan cannot be judged: ${problems.join('; ')}`);
  }
}

function guardrailProblems(guardrail: GuardrailPlan): string[] {
  const problems: string[] = [];
  const require = (holds: boolean, problem: string): void => {
    if (!holds) {
      problems.push(problem);
    }
  };
  const positive = (value: number): boolean => value > 0 && value < Infinity;
  require(positive(guardrail.share ?? 1), `share is ${guardrail.share}, not a positive number`);
  require((guardrail.overdispersion ?? 1) >= 1 &&
    (guardrail.overdispersion ?? 1) < Infinity, `overdispersion is ${guardrail.overdispersion}, below 1`);
  const { delayPeriods = 0, silentPeriods = 1 } = guardrail;
  require(Number.isSafeInteger(delayPeriods) && delayPeriods >= 0, `delayPeriods is ${delayPeriods}, not a whole number`);
  require(Number.isSafeInteger(silentPeriods) && silentPeriods >= 1, `silentPeriods is ${silentPeriods}, not a whole number from 1`);
  if ('labelRatio' in guardrail && guardrail.labelRatio !== undefined) {
    const { tolerance, alpha } = guardrail.labelRatio;
    require(tolerance >= 0 && tolerance < Infinity, `labelRatio.tolerance is ${tolerance}, not a number of at least 0`);
    require(alpha > 0 && alpha < 1, `labelRatio.alpha is ${alpha}, not between 0 and 1`);
  }
  switch (guardrail.kind) {
    case 'counts': {
      const allowed = guardrail.allowed ?? DEFAULTS.allowed;
      const margin = guardrail.margin ?? DEFAULTS.margin;
      require(guardrail.outcomes.length > 0, 'no outcomes');
      for (const [name, bound] of [['allowed', allowed], ['margin', margin]] as const) {
        require(bound.ratio >= 0 &&
          bound.ratio < Infinity &&
          bound.tolerance >= 0 &&
          bound.tolerance < 1 &&
          bound.ratio + bound.tolerance > 0, `${name} is ratio ${bound.ratio}, tolerance ${bound.tolerance}, which bounds nothing`);
        require(bound.ratio > 0 ||
          guardrail.outcomes.every((outcome) => outcome.form !== 'odds'), `${name}.ratio is 0, which an odds ratio cannot be`);
      }
      require(margin.ratio >= allowed.ratio &&
        margin.tolerance >= allowed.tolerance &&
        margin.ratio + margin.tolerance > allowed.ratio + allowed.tolerance, 'margin is not wider than allowed');
      break;
    }
    case 'segments': {
      const { segments, values, outcomes, allowed = DEFAULTS.allowed } = guardrail;
      require(Number.isSafeInteger(segments) && segments >= 2, `segments is ${segments}, not at least 2`);
      require(values === undefined ||
        values.length === segments - 1, `${values?.length} values have names, not one less than the ${segments} segments`);
      require(outcomes.length > 0, 'no outcomes');
      require(allowed.ratio > 0 && allowed.ratio < Infinity && allowed.tolerance >= 0 && allowed.tolerance < 1,
        `allowed is ratio ${allowed.ratio}, tolerance ${allowed.tolerance}, which compares no segments`);
      break;
    }
    case 'mean': {
      const [allowed, margin] = meanBounds(guardrail);
      require(positive(guardrail.standardDeviation), `standardDeviation is ${guardrail.standardDeviation}, not a positive number`);
      require(positive(
        guardrail.samplesOfInterest ?? DEFAULTS.samplesOfInterest,
      ), `samplesOfInterest is ${guardrail.samplesOfInterest}, not a positive number`);
      require(guardrail.bounds === undefined || positive(guardrail.bounds.highest - guardrail.bounds.lowest),
        `bounds are ${guardrail.bounds?.lowest} and ${guardrail.bounds?.highest}, which are not in order`);
      require(positive(margin) && (guardrail.worse === 'lower' ? margin < allowed && allowed <= 1 : margin > allowed && allowed >= 1),
        `allowed ${allowed} and margin ${margin} are not in order for "${guardrail.worse} is worse"`);
      break;
    }
    case 'drift':
      require(Number.isSafeInteger(guardrail.bins) && guardrail.bins >= 2, `bins is ${guardrail.bins}, not at least 2`);
      require((guardrail.ratio ?? DEFAULTS.driftRatio) >= 1, `ratio is ${guardrail.ratio}, below 1`);
      break;
    case 'disagreement': {
      const margin = guardrail.margin ?? guardrail.bound;
      require(guardrail.bound > 0 && guardrail.bound < 1, `bound is ${guardrail.bound}, not between 0 and 1`);
      require(margin >= guardrail.bound && margin < 1, `margin is ${margin}, not between the bound and 1`);
      break;
    }
    case 'discordance': {
      const ratio = guardrail.ratio ?? DEFAULTS.discordanceRatio;
      const margin = guardrail.margin ?? DEFAULTS.discordanceMargin;
      require(positive(ratio) && positive(margin) && margin >= ratio, `ratio ${ratio} and margin ${margin} are not in order`);
      require(guardrail.tolerance === undefined ||
        (guardrail.tolerance > 0 && guardrail.tolerance < 1), `tolerance is ${guardrail.tolerance}, not between 0 and 1`);
      break;
    }
  }
  return problems;
}
