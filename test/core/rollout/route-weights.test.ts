import { routeAt, routeOfPreview, routeOfProduction } from '../../../lib/core/rollout/route-weights';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import { route, variant } from '../../lambda/fixtures';

test('mirrors stay as they are while weights move, and the preview address has none', () => {
  const mirrors = [{ name: 'v3', version: 'v3', functionArn: 'arn', sampleRate: 0.5, filters: [] }];
  const [production, candidate] = [variant('production'), variant('candidate', { role: 'candidate' })];
  const standing = route([production], { mirrors });
  const moving = routeAt(standing, { id: 'r', production, candidate, plan: {} as RolloutPlan }, 20, 1);
  expect(moving.mirrors).toEqual(mirrors);
  expect(routeOfProduction(moving).mirrors).toEqual(mirrors);
  expect(routeOfPreview(moving, candidate, undefined).mirrors).toBeUndefined();
});
