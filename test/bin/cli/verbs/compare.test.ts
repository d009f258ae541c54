import { type InferenceRecord, lineOf, RecordMark } from '../../../../lib/core/inference-log/record';
import type { Mirror } from '../../../../lib/core/routing/route';
import { renderCompare } from '../../../../bin/cli/view/compare';
import { painter } from '../../../../bin/cli/view/line';
import type { CompareDocument } from '../../../../bin/cli/documents/compare-document';
import { runBundle, runCli, type World } from '../../../fixtures/fake-aws';
import { canaryRoute, shop, stored } from '../../../fixtures/records';

const STACK = ['--stack', 'Shop'];
const mirror = (name: string): Mirror => ({ name, version: `${name}-digest`, functionArn: `fn-${name}`, sampleRate: 0.25, filters: [] });

const record = (overrides: Partial<InferenceRecord>): string => lineOf({
  modelRollout: RecordMark.COMPARISON, time: '2026-03-01T12:00:00.000Z', endpoint: 'fraud', alias: 'live', inferenceId: 'id', variant: 'v3', role: 'shadow', version: 'v3-digest',
  propensity: 0.25, targeted: false, attempt: 1, latencyMs: 5, status: 200, outcome: 'answer', fellBack: false, requestBytes: 7, comparison: 'differ', difference: 1, ...overrides,
});

/** A shadow v3 that agreed on 90 of 100 requests. */
function compared(overrides: World = {}): World {
  return shop({
    routes: { 'fraud/live': stored(canaryRoute({ mirrors: [mirror('v3')] })) },
    metrics: { 'Comparisons, v3': 100, 'Agreements, v3': 90, 'Differences, v3': 7, 'SchemaDifferences, v3': 2, 'ShadowErrors, v3': 1, 'MirrorDropped, v3': 4 },
    logs: {
      'log-of-fn-v3': [
        'START RequestId: 1',
        record({ inferenceId: 'small', difference: 0.5 }),
        `2026-03-01T12:00:00.000Z\t1\tINFO\t${record({ modelRollout: RecordMark.INFERENCE, inferenceId: 'large', difference: 12.25, prediction: '13', productionPrediction: '0.75' })}`,
        record({ inferenceId: 'failed', comparison: 'shadow error', difference: undefined, reason: 'TIMEOUT' }),
        record({ inferenceId: 'agrees', comparison: 'agree', difference: 0 }),
        record({ inferenceId: 'older-version', version: 'other-digest', difference: 99 }),
        '{"modelRollout":"comparison","cut',
      ],
    },
    ...overrides,
  });
}

test('shows the agreement and the worst disagreements', async () => {
  const { code, stdout, stderr, calls } = await runBundle(['compare', ...STACK], { ...compared(), pageSize: 3 });
  expect([code, stderr]).toEqual([0, '']);
  const rows = stdout.split('\n').map((row) => row.trim().split(/ {2,}/));
  expect(rows).toContainEqual(['all', '100', '90', '90.00 %', '7', '2', '1', '0', '4']);
  expect(stdout).toContain('shadow v3 v3-digest 25 % of the requests');
  expect(stdout).toContain('worst disagreements of 3\n');
  expect(rows.filter(([id]) => ['small', 'large', 'failed', 'agrees', 'older-version'].includes(id))).toEqual([
    ['large', '2026-03-01 12:00:00Z', 'differ', '12.25', '0.75', '13'],
    ['small', '2026-03-01 12:00:00Z', 'differ', '0.5', '-', '-'],
    ['failed', '2026-03-01 12:00:00Z', 'shadow error: TIMEOUT', '-', '-', '-'],
  ]);
  expect(calls.filter(({ action }) => action === 'logs:FilterLogEvents')).toHaveLength(3);
});

test('--json is one document of the documented shape', async () => {
  const { code, json } = await runCli(['compare', 'live', ...STACK, '--json', '--worst', '1', '--hours', '48'], compared());
  expect(code).toBe(0);
  expect(json()).toMatchObject({
    schema: 1, ok: true, command: 'compare', stack: 'Shop', region: 'eu-west-1', alias: 'fraud/live',
    shadows: [{
      shadow: 'v3', version: 'v3-digest', sampleRate: 0.25, looked: 3, more: false, notes: [],
      total: { comparisons: 100, agreements: 90, differences: 7, schemaDifferences: 2, shadowErrors: 1, dropped: 4 },
      periods: [{ comparisons: 100, start: expect.stringMatching(/:00:00\.000Z$/) as string }],
      worst: [{ inferenceId: 'large', comparison: 'differ', difference: 12.25, production: '0.75', shadow: '13' }],
    }],
  });
});

test('asks for whole hours, or days of a long time, and for the present version', async () => {
  for (const [hours, period] of [['24', 3_600], ['100', 86_400]] as const) {
    const { calls } = await runCli(['compare', ...STACK, '--hours', hours], compared());
    const { input } = calls.find(({ action }) => action === 'cloudwatch:GetMetricData')!;
    const queries = input.MetricDataQueries as {
      MetricStat: { Period: number; Metric: { MetricName: string; Dimensions: { Name: string; Value: string }[] } };
    }[];
    expect(new Set(queries.map(({ MetricStat: { Period: each } }) => each))).toEqual(new Set([period]));
    expect(Number(input.StartTime) % period).toBe(0);
    expect(queries.filter(({ MetricStat: { Metric: { Dimensions: dimensions } } }) => dimensions.some(({ Value: value }) => value === 'v3-digest'))).toHaveLength(6);
    const { input: filter } = calls.find(({ action }) => action === 'logs:FilterLogEvents')!;
    expect(filter.filterPattern).toContain('$.variant = "v3"');
  }
});

test('several shadows, or the one that is named', async () => {
  const world = compared({ routes: { 'fraud/live': stored(canaryRoute({ mirrors: [mirror('v3'), mirror('v4')] })) } });
  const all = await runCli(['compare', ...STACK, '--json'], world);
  expect(all.json()).toMatchObject({ shadows: [{ shadow: 'v3', notes: [] }, { shadow: 'v4', total: { comparisons: 0 }, notes: [expect.stringContaining('the worst disagreements of shadow v4 cannot be read')] }] });
  expect((await runCli(['compare', ...STACK, '--json', '--shadow', 'v3'], world)).json()).toMatchObject({ shadows: [{ shadow: 'v3' }] });
});

test('texts from records cannot move the cursor', () => {
  const document: CompareDocument = {
    schema: 1, ok: true, command: 'compare', stack: 'Shop', region: 'eu-west-1', alias: 'fraud/live', from: '2026-03-01T12:00:00.000Z', to: '2026-03-01T13:00:00.000Z',
    shadows: [{
      shadow: 'v3', version: 'v', sampleRate: 1, total: { comparisons: 1, agreements: 0, differences: 1, schemaDifferences: 0, shadowErrors: 0, comparisonErrors: 0, dropped: 0 }, periods: [],
      worst: [{ inferenceId: 'a\u001b[2Jb', time: '2026-03-01T12:00:00.000Z', comparison: 'differ', difference: 1, production: 'x\ny' }], looked: 1, more: true, notes: [],
    }],
  };
  const text = renderCompare(document, painter(false));
  expect(text).not.toMatch(/[\u001b]|x\n/);
  expect(text).toContain('with more that were not looked at');
});

const denied = (denied: string): World['fail'] => (action) => (action === denied ? { status: 400, type: 'AccessDeniedException', message: 'not you' } : undefined);

test.each<[string, string[], World, number, string, RegExp]>([
  ['without a mirror', [], shop(), 3, 'NO_MIRROR', /fraud\/live has no shadow: add a ShadowMirror/],
  ['with a shadow that is not there', ['--shadow', 'v9'], compared(), 3, 'SHADOW_NOT_FOUND', /no shadow v9; there is v3/],
  ['without data', [], compared({ metrics: {} }), 3, 'NO_COMPARISONS', /no comparison in the last 24 h: nothing was mirrored/],
  ['where all was dropped', [], compared({ metrics: { 'MirrorDropped, v3': 5 } }), 3, 'NO_COMPARISONS', /and 5 requests were dropped/],
  ['without permission for metrics', [], compared({ fail: denied('cloudwatch:GetMetricData') }), 4, 'NO_PERMISSION', /cloudwatch:GetMetricData is not allowed in eu-west-1; the permission is in an IAM policy of your own/],
  ['without permission for logs', [], compared({ fail: denied('logs:FilterLogEvents') }), 4, 'NO_PERMISSION', /logs:FilterLogEvents is not allowed/],
  ['with a route that cannot be read', [], compared({ routes: { 'fraud/live': { revision: '1', route: '{"schema":9}' } } }), 5, 'RECORD_UNREADABLE', /schema is 9/],
  ['of a time that is too long', ['--hours', '20000'], compared(), 2, 'WINDOW_TOO_LONG', /keeps the counts for 10920 hours/],
])('fails %s', async (_, args, world, exit, code, message) => {
  const { code: status, json } = await runCli(['compare', ...STACK, '--json', ...args], world);
  expect(status).toBe(exit);
  expect(json()).toMatchObject({ ok: false, error: { code, message: expect.stringMatching(message) as string } });
});
