import type { Readiness } from '../../lib/core/rollout/evidence';
import type { SmokeTestPlan } from '../../lib/core/rollout/plan';
import { smokeTestProblem } from '../../lib/core/rollout/smoke-test';
import type { RolloutState } from '../../lib/core/rollout/state';
import { PATIENCE } from '../../lib/core/rollout/execution';
import type { Target } from '../../lib/core/backends/backends';
import type { AskEvent, AskResult, ProbeResult } from '../shared/router-protocol';
import { statusOf } from '../shared/http/errors';
import { FailureClass } from '../shared/http/outcome';
import { breach } from '../shared/structure';
import type { BackendClients } from './backends/backend';
import { backendOf } from './backends/backends';
import { wake } from './capacity';

export interface Router {
  probe(routerFunction: string, targets: readonly Target[]): Promise<ProbeResult>;
  ask(routerFunction: string, event: AskEvent): Promise<AskResult>;
}

/** Failures that may pass by themselves. */
const PASSING: ReadonlySet<FailureClass> = new Set([FailureClass.TIMEOUT, FailureClass.THROTTLE, FailureClass.BACKEND, FailureClass.GONE]);

/**
 * Whether the candidate can have traffic: it is in service, the router may call it, it answers, and it answers the golden requests
 * as expected. A wrong answer is final; everything else may still come.
 */
export async function readiness(state: RolloutState, router: Router, clients: BackendClients): Promise<Readiness> {
  const { target } = state.candidate;
  try {
    const problem =
      (await backendOf(target).notInService(target, clients))
      ?? (await wake(state, clients))
      ?? (await router.probe(state.routerFunction, [target])).problems[0];
    if (problem !== undefined) {
      return { ready: false, failed: false, problem };
    }
    return await tested(state, router);
  } catch (error) {
    return { ready: false, failed: false, problem: `${(error as Error).name}: ${(error as Error).message}` };
  }
}

async function tested(state: RolloutState, router: Router): Promise<Readiness> {
  const problems = await Promise.all(state.plan.smokeTests.map((test) => testProblem(state, test, router)));
  return problems.find((problem) => problem !== undefined) ?? { ready: true, failed: false };
}

async function testProblem(state: RolloutState, test: SmokeTestPlan, router: Router): Promise<Readiness | undefined> {
  const { outcome } = await ask(state, test, router);
  if (outcome.kind === 'failure' && PASSING.has(outcome.class)) {
    return { ready: false, failed: false, problem: `smoke test ${JSON.stringify(test.name)}: ${outcome.message}` };
  }
  const answer = outcome.kind === 'failure' ? { status: statusOf(outcome), body: '' } : outcome;
  const problem = smokeTestProblem(test, answer) ?? breachProblem(test, answer.body);
  if (problem === undefined) {
    return undefined;
  }
  return { ready: false, failed: true, problem: outcome.kind === 'failure' ? `${problem} (${outcome.message})` : problem };
}

function breachProblem({ name, schema }: SmokeTestPlan, body: string): string | undefined {
  const found = schema && breach(schema, body);
  return found && `smoke test ${JSON.stringify(name)}: the answer breaks its schema, ${found}`;
}

function ask(state: RolloutState, test: SmokeTestPlan, router: Router): Promise<AskResult> {
  return router.ask(state.routerFunction, {
    modelRollout: 'ask', target: state.candidate.target, body: test.body, contentType: test.contentType,
    // No longer than a caller would wait, and the router itself runs.
    inferenceId: `rollout-${state.id.slice(-16)}`, timeoutMs: Math.min(PATIENCE.answer * 1_000, state.production.timeBudgetMs), times: 1,
  });
}
