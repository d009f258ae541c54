import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { fewestForCertainty } from '../core/replay/judge-replay';
import type { ReplayPlan } from '../core/replay/plan';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import { failTogether } from '../validate/fail-together';
import type { BoundSource } from '../replay/recorded-source';
import { replayPlanOf } from '../replay/replay-plan';
import { alphaOf, policyOf } from './judgement-plan';
import type { RolloutOptions } from './rollout-options';
import { InconclusiveAction } from './rollout-policies';
import { warn } from '../validate/warn';

/** What a replay adds to a rollout. */
export interface RolloutReplay {
  readonly plan: ReplayPlan;
  readonly bound: BoundSource;
  /** What people call the recorded requests. */
  readonly name: string;
  /** Whether some of them have a label, as far as is known. */
  readonly labelled: boolean;
  /** A function of the user's that compares. */
  readonly handler?: lambda.IFunction;
}

/** Check where the recorded requests are, and define what the controller needs for them. */
export function rolloutReplay(scope: Construct, rollout: RolloutOptions, alias: EndpointAlias): RolloutReplay | undefined {
  if (rollout.replay === undefined) {
    return undefined;
  }
  const [source, options] = [rollout.replay._source(), rollout.replay._options()];
  const survey = source.survey(options.labelPath);
  failTogether([...source.problems(alias), ...(survey?.problems ?? []).map((problem) => `${source.name}: ${problem}`)], scope);
  const bound = source.bind(scope);
  const plan = replayPlanOf(options, bound.source, {
    alpha: alphaOf(rollout), uncertified: policyOf(rollout.inconclusive ?? InconclusiveAction.ADVANCE), available: survey?.requests,
  });
  const labelled = survey === undefined ? options.labelPath !== undefined : survey.labelled > 0;
  const handler = options.comparison?._handler;
  return { plan, bound, name: source.name, labelled, ...(handler === undefined ? {} : { handler }) };
}

/** What a replay with nothing wrong cannot do. */
export function warnOfReplay(scope: Construct, { name, plan, labelled }: RolloutReplay): void {
  const needed = fewestForCertainty(plan, labelled);
  if (plan.requests < needed) {
    const then = { pause: 'waits for somebody', advance: 'goes on without certainty', rollback: 'is rolled back' }[plan.uncertified];
    warn(
      scope,
      'replayTooFew',
      `the ${plan.requests} requests that are replayed of the ${name} make nothing certain, even of a candidate of which nothing bad `
        + `is seen: ${needed} are needed, or the rollout ${then}; ` +
        'give more requests, or raise failureTolerance or accuracyTolerance, or lower certifiedAgreementRate',
    );
  }
  if (plan.agreement === undefined && !labelled) {
    warn(
      scope,
      'replayJudgesNoAnswers',
      `the replay of the ${name} judges failures and latency, and nothing of what is answered; set minAgreementRate, or give `
        + 'labels and a labelPath',
    );
  }
}
