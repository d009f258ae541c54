import { parseJsonPath, valueAt } from '../json/json-path';
import type { SmokeTestPlan } from './plan';

/** What is wrong with the answer to a golden request, or nothing. */
export function smokeTestProblem(test: SmokeTestPlan, answer: { readonly status: number; readonly body: string }): string | undefined {
  if (answer.status !== test.status) {
    return `smoke test ${JSON.stringify(test.name)}: status ${answer.status} instead of ${test.status}`;
  }
  if (test.expect.length === 0) {
    return undefined;
  }
  let document: unknown;
  try {
    document = JSON.parse(answer.body);
  } catch {
    return `smoke test ${JSON.stringify(test.name)}: the answer is not JSON`;
  }
  for (const { path, value, tolerance } of test.expect) {
    const found = path === '$' ? document : valueAt(document, parseJsonPath(path) ?? []);
    if (!matches(found, value, tolerance ?? 0)) {
      return `smoke test ${JSON.stringify(test.name)}: ${path} is ${shown(found)} instead of ${shown(value)}`;
    }
  }
  return undefined;
}

/** Equal, numbers within the tolerance at any depth. */
function matches(found: unknown, expected: unknown, tolerance: number): boolean {
  if (typeof found === 'number' && typeof expected === 'number') {
    return Math.abs(found - expected) <= tolerance;
  }
  if (found === null || expected === null || typeof found !== 'object' || typeof expected !== 'object') {
    return found === expected;
  }
  const [a, b] = [found as { [member: string]: unknown }, expected as { [member: string]: unknown }];
  return Array.isArray(a) === Array.isArray(b) && Object.keys(a).length === Object.keys(b).length
    && Object.keys(b).every((member) => Object.hasOwn(a, member) && matches(a[member], b[member], tolerance));
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'missing').slice(0, 200);
}
