import type { Decision } from '../../lib/core/rollout/decision';
import type { RolloutPlan } from '../../lib/core/rollout/plan';
import { RolloutItem, type RolloutState, type StoredDecision } from '../../lib/core/rollout/state';
import type { Route } from '../../lib/core/routing/route';
import { route, variant } from '../lambda/fixtures';
import type { Resource, World } from './fake-aws';

export const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const MINUTE = 60_000;

export function plan(overrides: Partial<RolloutPlan> = {}): RolloutPlan {
  return {
    schema: 1, kind: 'canary', answer: 'response',
    stages: [{ percent: 5, bakeSeconds: 600, approval: false }, { percent: 25, bakeSeconds: 600, approval: false }, { percent: 95, bakeSeconds: 1_200, approval: false }],
    deadlineSeconds: 3_600, intervalSeconds: 60, leaseSeconds: 180, metrics: { periodSeconds: 60, delaySeconds: 60 }, minimumRequests: 100, tooFewRequests: 'hold',
    guardrails: [
      { name: 'errors', action: 'rollback', kind: 'alarm', alarmName: 'errors', insufficientData: 'ok' },
      { name: 'latency', action: 'hold', kind: 'alarm', alarmName: 'latency', insufficientData: 'hold' },
    ],
    readinessSeconds: 600, smokeTests: [], warmUpRequests: 0, hooks: [], windows: [], calendars: [], drainSeconds: 30, rollbackWindowSeconds: 0, ...overrides,
  };
}

export function decision(overrides: Partial<Decision> = {}): Decision {
  const hold = {
    verdict: 'hold' as const, rejects: false, sentence: 'holding at 25 %: baked for 3 min of 10 min', at: NOW - 20_000, stage: 1, percent: 25,
    evidence: {
      until: NOW - 80_000, calendar: 'open' as const, candidate: { requests: 240, failures: 1 }, production: { requests: 720, failures: 2 },
      guardrails: [{ name: 'errors', action: 'rollback' as const, status: 'ok' as const, detail: 'alarm errors is OK' }, { name: 'latency', action: 'hold' as const, status: 'unknown' as const, detail: 'alarm latency has no data' }],
    },
  };
  return { ...hold, ...overrides };
}

/** A canary rollout in its second stage of three, three minutes and twenty seconds in. */
export function state(overrides: Partial<RolloutState> = {}, now = NOW): RolloutState {
  const { revision: _, ...promoted } = route([variant('production')]);
  return {
    schema: 1, id: 'r-1', alias: 'fraud/live', plan: plan(), production: variant('production'), candidate: variant('candidate', { role: 'candidate', version: '99ee44aa11bb2c3d' }),
    promoted, routerFunction: 'router', startedAt: now - 15 * MINUTE, stage: 1, stageStartedAt: now - 200_000, prepared: true, last: decision({ at: now - 20_000 }), decisions: 14, ...overrides,
  };
}

export function canaryRoute(overrides: Partial<Route> = {}, now = NOW): Route {
  return route([variant('production', { weight: 75, version: 'ab12cd34ef567890' }), variant('candidate', { role: 'candidate', weight: 25, version: '99ee44aa11bb2c3d' })],
    { revision: 7, lease: { until: now + 160_000 }, rollout: { id: 'r-1' }, ...overrides });
}

export function stored({ revision, ...declared }: Route): { revision: string; route: string } {
  return { revision: String(revision), route: JSON.stringify(declared) };
}

export function resources(aliases: readonly string[], options: { rollouts?: boolean; policies?: boolean } = {}): Resource[] {
  return [
    { logicalId: 'ModelRolloutRoutes1A2B3C4D', physicalId: 'routes', type: 'AWS::DynamoDB::Table' },
    { logicalId: 'ModelRolloutGateRole1A2B3C4D', physicalId: 'role', type: 'AWS::IAM::Role' },
    ...(options.rollouts === false ? [] : [
      { logicalId: 'ModelRolloutRollouts1A2B3C4D', physicalId: 'rollouts', type: 'AWS::DynamoDB::Table' },
      { logicalId: 'ModelRolloutAbort1A2B3C4D', physicalId: 'abort-fn', type: 'AWS::Lambda::Function' },
      { logicalId: 'ModelRolloutAbortRole1A2B3C4D', physicalId: 'abort-role', type: 'AWS::IAM::Role' },
      { logicalId: 'ModelRolloutOperate1A2B3C4D', physicalId: 'operate-fn', type: 'AWS::Lambda::Function' },
    ]),
    ...(options.policies === true ? [{ logicalId: 'ModelRolloutAbortPolicy1A2B3C4D', physicalId: 'arn:aws:iam::1:policy/abort', type: 'AWS::IAM::ManagedPolicy' }] : []),
    ...aliases.map((alias, index) => ({ logicalId: `Fraud${index}Route`, physicalId: alias, type: 'Custom::ModelRolloutRoute' })),
    { logicalId: 'Gone', physicalId: 'fraud/gone', type: 'Custom::ModelRolloutRoute', status: 'DELETE_COMPLETE' },
    { logicalId: 'Coming', type: 'Custom::ModelRolloutRoute', status: 'CREATE_IN_PROGRESS' },
    { logicalId: 'AppTable', physicalId: 'theirs', type: 'AWS::DynamoDB::Table' },
  ];
}

/** A stack `Shop` whose alias `fraud/live` is in a rollout, at the time of the clock. */
export function shop(overrides: World = {}): World {
  const now = Date.now();
  return {
    stacks: { Shop: resources(['fraud/live']) },
    routes: { 'fraud/live': stored(canaryRoute({}, now)) },
    rollouts: { 'fraud/live': { [RolloutItem.STATE]: JSON.stringify(state({}, now)) } },
    ...overrides,
  };
}

/** Decisions of a rollout, from a start on, one a minute. */
export function decisions(list: readonly Partial<Decision>[], rolloutId = 'r-1', start = NOW): { [item: string]: string } {
  return Object.fromEntries(list.map((overrides, index) => {
    const content: StoredDecision = { rolloutId, version: '99ee44aa11bb2c3d', decision: decision({ at: start + index * MINUTE, ...overrides }) };
    return [RolloutItem.decision(start, index), JSON.stringify(content)];
  }));
}
