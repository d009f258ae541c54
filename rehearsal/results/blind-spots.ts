import type { Trait } from '../../lib/core/guardrails/kind';
import { evidenceGuardrails, kindOf } from '../../lib/core/guardrails/kinds';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import type { Scenario } from '../scenario/scenario';

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
  if (candidate.agreement < production.agreement && shadow === undefined && replay?.agreement === undefined && !looks('agreement')) {
    return "no guardrail of this plan compares the candidate's answers with production's; Guardrail.agreement does, on a ShadowMirror "
      + "of the candidate";
  }
  return undefined;
}
