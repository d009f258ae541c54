import { withShadow } from '../../../lib/core/rollout/shadow-stage';
import { parseDeclaredRoute } from '../../../lib/core/routing/parse';
import { routeAt, routeOfPreview, routeOfProduction } from '../../../lib/core/rollout/route-weights';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import { route, variant } from '../../fixtures/serving';

test('mirrors stay as they are while weights move, and the preview address has none', () => {
  const mirrors = [{ name: 'v3', version: 'v3', functionArn: 'arn', sampleRate: 0.5, filters: [] }];
  const [production, candidate] = [variant('production'), variant('candidate', { role: 'candidate' })];
  const standing = route([production], { mirrors });
  const moving = routeAt(standing, { id: 'r', startedAt: 1, stage: -1, stageStartedAt: 1, production, candidate, plan: {} as RolloutPlan }, 20, 1);
  expect(moving.mirrors).toEqual(mirrors);
  expect(routeOfProduction(moving).mirrors).toEqual(mirrors);
  expect(routeOfPreview(moving, candidate, undefined).mirrors).toBeUndefined();
});

test('a rollout\'s own mirror stands beside the declared ones until its lease ends, and goes with any share, or with the rollout', () => {
  const declared = { name: 'v3', version: 'v3', functionArn: 'arn', sampleRate: 0.5, filters: [] };
  const own = { name: 'candidate', version: 'v2', functionArn: 'own', sampleRate: 0.1, filters: [] };
  const [production, candidate] = [variant('production'), variant('candidate', { role: 'candidate' })];
  const state = { id: 'r', startedAt: 1, stage: -1, stageStartedAt: 1, production, candidate, plan: { guardrails: [], shadow: { mirror: own } } as unknown as RolloutPlan };
  const shadowed = withShadow(route([production], { mirrors: [declared] }), state, 7);
  expect(shadowed.mirrors).toEqual([declared, { ...own, endsAt: 7, rollout: 'r' }]);
  // Renewed, not doubled.
  expect(withShadow(shadowed, state, 9).mirrors).toEqual([declared, { ...own, endsAt: 9, rollout: 'r' }]);
  expect(parseDeclaredRoute(JSON.stringify(shadowed)).mirrors).toEqual(shadowed.mirrors);
  expect(routeAt(shadowed, state, 5, 1).mirrors).toEqual([declared]);
  expect(routeOfProduction(shadowed).mirrors).toEqual([declared]);
  expect(routeOfProduction(withShadow(route([production]), state, 7))).not.toHaveProperty('mirrors');
});
