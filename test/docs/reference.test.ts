import { events, eventsPage, PATTERN } from '../../scripts/docs/reference/events-page';
import { limitsPage, ranges } from '../../scripts/docs/reference/limits-page';
import { permissionsPage } from '../../scripts/docs/reference/permissions-page';
import { constantsOf, filesOf } from '../../scripts/docs/reference/sources';

/** What EventBridge does with a pattern of lists. */
function matches(pattern: object, event: unknown): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    const value = (event as { readonly [member: string]: unknown })[name];
    return Array.isArray(wanted) ? wanted.includes(value) : matches(wanted as object, value);
  });
}

describe('the page of events', () => {
  test('shows what the controller sends, and a rule that matches rollbacks only', async () => {
    const { advance, rollback, message } = await events();
    expect(rollback).toMatchObject({ 'detail-type': 'Model Rollout Decision', 'detail': { verdict: 'roll back', percent: 0 } });
    expect(message).toEqual(rollback.detail);
    expect([matches(PATTERN, rollback), matches(PATTERN, advance)]).toEqual([true, false]);
    const shown = [...(await eventsPage()).matchAll(/^```json\n(.*?)^```$/gms)].map(([, json]) => JSON.parse(json) as unknown);
    expect(shown).toEqual([PATTERN, rollback, advance]);
  });
});

describe('the page of limits', () => {
  test('has the range of every setting that synthesis checks, from the code', () => {
    expect(ranges().length).toBeGreaterThan(90);
    const page = limitsPage();
    expect(page).toContain('| `memorySize` | 128 to 10,240 MiB | choose a size that Lambda offers |');
    expect(page).toContain('| `lifetime` of the session assignment | 60 to 604,800 s | choose how long the longest conversation lasts |');
    expect(page).not.toContain('undefined');
  });

  test('has every limit of AWS that the code computes with, and where AWS says it', () => {
    const rows = limitsPage().split('## Of AWS')[1].match(/https:\/\/docs\.aws\.amazon\.com\//g);
    expect(rows).toHaveLength(constantsOf('lib/core/aws-limits.ts').length);
    expect(filesOf('lib/core')).toContain('lib/core/aws-limits.ts');
  });
});

test('the page of permissions has the calls of the command, the grants, and what functions may do', async () => {
  const page = await permissionsPage();
  expect(page).toContain('| `status` | `cloudformation:ListStackResources`, `dynamodb:GetItem` |');
  expect(page).toContain('| `rollout.grants.read` | `cloudformation:ListStackResources`, `dynamodb:GetItem`, `dynamodb:Query` |');
  expect(page).toMatch(/^\| Puts an alias back on production at once \| `dynamodb:GetItem`, `dynamodb:PutItem` \|$/m);
});
