import type { Trait } from '../../lib/core/guardrails/kind';
import { evidenceGuardrails, kindOf } from '../../lib/core/guardrails/kinds';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import type { Generating, Latency, Scenario } from '../../lib/core/rehearsal/scenario';

/** What a candidate may generate worse than production, and who looks at it. */
const BLIND: readonly {
  readonly worse: (candidate: Generating, production: Generating) => boolean;
  readonly trait: Trait;
  readonly remedy: string;
}[] = [
  {
    worse: (candidate, production) => isSlower(candidate.firstToken, production.firstToken),
    trait: 'first-token',
    remedy: 'no guardrail of this plan looks at when the first token comes; Guardrail.firstToken does, where answers are streamed',
  },
  {
    worse: (candidate, production) => isSlower(candidate.perToken, production.perToken),
    trait: 'time-per-token',
    remedy: 'no guardrail of this plan looks at how fast tokens come; Guardrail.timePerToken does, where answers are streamed',
  },
  {
    worse: (candidate, production) => candidate.cutOff > production.cutOff || candidate.filtered > production.filtered,
    trait: 'finish',
    remedy: 'no guardrail of this plan looks at why answers end; Guardrail.finishReasons does',
  },
  {
    worse: (candidate, production) => candidate.unstructured > production.unstructured,
    trait: 'structure',
    remedy: 'no guardrail of this plan looks at whether answers follow a schema; Guardrail.schema does',
  },
];

function isSlower(candidate: Latency, production: Latency): boolean {
  return candidate.medianMs > production.medianMs || candidate.p99Ms > production.p99Ms;
}

/** What a plan cannot see of a scenario, with the remedy; undefined where a guardrail looks at it. */
export function blindSpot(
  plan: Pick<RolloutPlan, 'guardrails' | 'replay' | 'shadow'>,
  { production, candidate }: Scenario,
): string | undefined {
  const { replay, shadow } = plan;
  const looks = (trait: Trait): boolean =>
    evidenceGuardrails(plan).some((guardrail) => guardrail.action !== 'observe' && kindOf(guardrail).sees.includes(trait));
  if (candidate.accuracy < production.accuracy && replay?.labelPath === undefined && !looks('accuracy')) {
    return 'no guardrail of this plan looks at whether answers are right; Guardrail.feedback does, by what callers tell later';
  }
  if (candidate.rating < production.rating && !looks('ratings')) {
    return 'no guardrail of this plan looks at how callers rate answers; Guardrail.feedback does, where InferenceFeedback takes ratings';
  }
  if (candidate.agreement < production.agreement && shadow === undefined && replay?.agreement === undefined && !looks('agreement')) {
    return "no guardrail of this plan compares the candidate's answers with production's; Guardrail.agreement does, on a ShadowMirror "
      + "of the candidate";
  }
  if ((candidate.losses ?? 0) > 0.5 && !looks('preference')) {
    return 'no guardrail of this plan has answers judged; Guardrail.preference does, on a ShadowMirror of the candidate with a judge';
  }
  if (isSlower(candidate.latency, production.latency)) {
    // Not about tokens in particular.
    return undefined;
  }
  return BLIND.find(({ worse, trait }) => worse(candidate.generation, production.generation) && !looks(trait))?.remedy;
}
