import type { OrderEvent, OrderResult } from '../../lib/core/rollout/orders';
import type { Order, RolloutState } from '../../lib/core/rollout/state';
import { malformedOrder, outdatedOrder } from '../shared/order';
import { changeState, type RolloutStore } from '../shared/records/rollout-store';
import { ContentionError } from '../shared/records/versioned-table';

export interface OperatePorts {
  readonly rollouts: Pick<RolloutStore, 'readState' | 'writeState' | 'rejections' | 'forgive'>;
  readonly now: () => number;
}

/** What an order makes of a rollout's state, or why it changes nothing. */
type Change = { readonly state: RolloutState; readonly message: string } | { readonly result: OrderResult };

/** Carry out what a person says of a rollout; the controller acts on it when it judges next. */
export async function operate(order: OrderEvent, ports: OperatePorts): Promise<OrderResult> {
  const malformed = malformedOrder(order, ['pause', 'resume', 'approve', 'promote', 'retry']);
  if (malformed !== undefined) {
    return malformed;
  }
  if (order.verb === 'retry') {
    return retry(order, ports);
  }
  try {
    let result = noRollout(order);
    await changeState(ports.rollouts, order.alias, (state) => {
      const change =
        state === undefined || state.outcome !== undefined ? { result: noRollout(order) } : changeBy(order, state, ports.now());
      result = change.result;
      return 'state' in change ? change.state : undefined;
    });
    return result;
  } catch (error) {
    if (error instanceof ContentionError) {
      return { ok: false, code: 'CONFLICT', message: `${error.message}; try again` };
    }
    throw error;
  }
}

function noRollout({ alias }: OrderEvent): OrderResult {
  return { ok: false, code: 'NO_ROLLOUT', message: `no rollout is running on ${alias}` };
}

/** What an order comes to, with the state that it makes, if it makes another. */
function changeBy(order: OrderEvent, state: RolloutState, at: number): { readonly result: OrderResult; readonly state?: RolloutState } {
  const outdated = outdatedOrder(order, state);
  if (outdated !== undefined) {
    return { result: outdated };
  }
  const change = changeOf(order, state, at);
  return 'result' in change ? change : { result: { ok: true, code: 'DONE', message: change.message }, state: change.state };
}

function changeOf(order: OrderEvent, state: RolloutState, at: number): Change {
  const said: Order = { by: order.by, ...(order.reason === undefined ? {} : { reason: order.reason.slice(0, 500) }), at };
  const nothing = (message: string): Change => ({ result: { ok: true, code: 'NOTHING_TO_DO', message } });
  switch (order.verb) {
    case 'pause':
      return state.paused === undefined
        ? { state: { ...state, paused: said }, message: 'the rollout is paused; guardrails and the deadline still hold' }
        : nothing(`the rollout was paused already, by ${state.paused.by}`);
    case 'resume': {
      const { paused, ...resumed } = state;
      return paused === undefined ? nothing('the rollout is not paused') : { state: resumed, message: 'the rollout goes on' };
    }
    case 'promote':
      return state.promotion === undefined
        ? {
            state: { ...state, promotion: said },
            message: 'the candidate is promoted at the next judgement, unless a guardrail stands against it',
          }
        : nothing(`promotion was asked for already, by ${state.promotion.by}`);
    default: {
      const stage =
        order.stage ??
        state.plan.stages.findIndex(({ approval }, index) => approval && index > Math.max(state.stage, state.approved?.stage ?? -1));
      if (stage < 0 || stage >= state.plan.stages.length) {
        return order.stage === undefined
          ? nothing('no later stage waits for approval')
          : {
              result: {
                ok: false,
                code: 'MALFORMED_ORDER',
                message: `there is no stage ${stage + 1}; the rollout has ${state.plan.stages.length} stages`,
              },
            };
      }
      return (state.approved?.stage ?? -1) >= stage
        ? nothing(`stage ${stage + 1} was approved already, by ${state.approved!.by}`)
        : {
            state: { ...state, approved: { stage, by: order.by, at } },
            message: `stage ${stage + 1} (${state.plan.stages[stage].percent} %) is approved`,
          };
    }
  }
}

/** Forget that a version was rejected, so that the next deployment may try it again. */
async function retry({ alias, version }: OrderEvent, { rollouts }: OperatePorts): Promise<OrderResult> {
  const rejected = (await rollouts.rejections(alias)).sort((a, b) => b.at - a.at);
  const found = version === undefined ? rejected.slice(0, 1) : rejected.filter((rejection) => rejection.version.startsWith(version));
  if (found.length === 0) {
    return {
      ok: false,
      code: 'NOT_REJECTED',
      message: version === undefined ? `no version of ${alias} is rejected` : `version ${version} of ${alias} is not rejected`,
    };
  }
  if (found.length > 1) {
    return {
      ok: false,
      code: 'MALFORMED_ORDER',
      message: `${found.length} rejected versions begin with ${version}; give more of the digest`,
    };
  }
  await rollouts.forgive(alias, found[0].version);
  return { ok: true, code: 'DONE', message: `version ${found[0].version.slice(0, 12)} may be tried again with the next deployment` };
}
