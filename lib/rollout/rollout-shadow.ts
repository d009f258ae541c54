import type { Construct } from 'constructs';
import type { AgreementPlan } from '../core/guardrails/agreement';
import type { DriftPlan } from '../core/guardrails/drift';
import type { JudgementPlan, ShadowPlan } from '../core/rollout/plan';
import type { Target } from '../endpoint/target';
import { agreementProblems } from '../guardrail/agreement-bounds';
import { AgreementEvidence } from '../guardrail/agreement-evidence';
import { Model } from '../model/model';
import type { ModelVersion } from '../model/model-version';
import { mirrorProblems } from '../shadow/mirror-problems';
import { ShadowMirror } from '../shadow/shadow-mirror';
import { Mistakes } from '../validate/mistakes';
import type { RolloutOptions } from './rollout-options';
import { plainSeconds } from '../validate/seconds';
import type { ModelBindOptions } from '../model/model-bind-options';

/** What a shadow stage adds to a rollout. */
export interface RolloutShadow {
  readonly mirror: ShadowMirror;
  readonly plan: ShadowPlan;
}

/** Define the mirror of a rollout's candidate. It is in no declared route: the controller puts it there while the stage lasts. */
export function rolloutShadow(
  scope: Construct, { shadow: stage, dashboard }: RolloutOptions, { endpoint, alias, declared }: Target,
  candidate: ModelVersion, judgement: JudgementPlan,
): RolloutShadow | undefined {
  if (stage === undefined) {
    return undefined;
  }
  const {
    bakeTime, minAgreementRate, certifiedAgreementRate, beyondNoise, inconclusive: _inconclusive, shadowName = 'candidate', ...settings
  } = stage;
  const mistakes = new Mistakes(scope);
  mistakes.add(...agreementProblems('of guardrail "agreement"', minAgreementRate, certifiedAgreementRate));
  if (!declared) {
    mistakes.add(...mirrorProblems(shadowName, { ...settings, endpoint, model: new DeclaredModel(candidate) }, alias));
    mistakes.report();
    return undefined;
  }
  const attached = alias.mirrorOfRollout(shadowName);
  const mirror = mistakes.attempt(
    () => new ShadowMirror(scope, 'Shadow', {
      ...settings,
      endpoint,
      alias: alias.aliasName,
      shadowName,
      dashboard,
      model: new DeclaredModel(candidate),
    }),
  );
  const agreement = mirror && new AgreementEvidence({ mirror, minAgreementRate, certifiedAgreementRate, beyondNoise })
    .bind(scope, { endpointName: endpoint.endpointName, alias: alias.aliasName });
  mistakes.add(...(agreement?.problems ?? []));
  mistakes.report();
  const drift = mirror!._outputs.map((output, measure): DriftPlan => ({
    kind: 'drift',
    name: `drift of ${output.path}`,
    action: 'observe',
    ...output,
    shadow: shadowName,
    measure,
  }));
  return {
    mirror: mirror!,
    plan: { mirror: attached(), bakeSeconds: plainSeconds(bakeTime), guardrails: [agreement!.plan as AgreementPlan, ...drift], judgement },
  };
}

/** A version that its alias has defined already. Who mirrors it may invoke it as long as the router may. */
class DeclaredModel extends Model {
  constructor(private readonly version: ModelVersion) {
    super();
  }

  public validate(): string[] {
    return [];
  }

  public bind(_scope: Construct, { invoker }: ModelBindOptions): ModelVersion {
    this.version._admitInvoker(invoker);
    return this.version;
  }
}
