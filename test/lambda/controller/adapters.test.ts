import type { DescribeAlarmsCommand, GetMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { readAlarms } from '../../../lambda/controller/alarms';
import { closedPeriods, readCounts } from '../../../lambda/controller/counts';
import { askHooks } from '../../../lambda/controller/hooks';
import { observe } from '../../../lambda/controller/observe';
import { readiness, type Router } from '../../../lambda/controller/readiness';
import { FailureClass, failure } from '../../../lambda/shared/http/outcome';
import { ErrorCode } from '../../../lambda/shared/http/errors';
import { isWatched } from '../../../lib/core/rollout/evidence';
import type { RolloutPlan } from '../../../lib/core/rollout/plan';
import type { AlarmGuardrailPlan } from '../../../lib/core/guardrails/alarm';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { route, variant } from '../../fixtures/serving';
import { plan } from '../../fixtures/plan';
import { healthy } from '../../fixtures/world';
import { backendClients } from '../../fixtures/backend-clients';

const NOW = Date.UTC(2026, 10, 24, 12, 0, 30);

const state = (overrides: Partial<RolloutState> = {}, planned: Partial<RolloutPlan> = {}): RolloutState => ({
  schema: 1, id: 'fraud-live-0123456789abcdef', alias: 'fraud/live', plan: plan(planned), production: variant('production', { version: 'v1' }),
  candidate: variant('candidate', { version: 'v2', role: 'candidate' }), promoted: route([variant('v2')]), routerFunction: 'router',
  startedAt: NOW - 600_000, stage: 0, stageStartedAt: NOW - 270_000, prepared: true, decisions: 0, ...overrides,
});

/** A client that answers with what `answer` says, page after page. */
const client = <T>(answer: (input: T, call: number) => object): { send: never; inputs: T[] } => {
  const inputs: T[] = [];
  return {
    inputs,
    send: (async (command: { input: T }) => answer((inputs.push(command.input), command.input), inputs.length - 1)) as never,
  };
};

const fails = (name: string): { send: never } => ({ send: (async () => { throw Object.assign(new Error('no'), { name }); }) as never });

describe('counts', () => {
  type Input = GetMetricDataCommand['input'];

  test('come from closed periods that lie wholly inside the stage, page by page, with recent requests of both versions beside them', async () => {
    // The stage began at 11:56:00; at 12:00:30 with a delay of 60 s, 11:58 is the last period that is closed.
    const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 24, 11, minute));
    const cloudWatch = client<Input>(({ NextToken: token }) => token === undefined
      ? { NextToken: 'more', MetricDataResults: [{ Id: 'm0', Timestamps: [at(58), at(55), at(59)], Values: [30, 1_000, 7] }, { Id: 'm2', Timestamps: [at(50), at(57)], Values: [11, 400] }] }
      : { MetricDataResults: [{ Id: 'm0', Timestamps: [at(56), at(58)], Values: [20, 30] }, { Id: 'm1', Timestamps: [at(56)], Values: [2] }, { Id: 'm3', Timestamps: [], Values: [] }] });
    expect(await readCounts(cloudWatch, state(), NOW)).toEqual({
      until: Date.UTC(2026, 10, 24, 11, 59),
      candidate: { requests: 50, failures: 2 },
      production: { requests: 400, failures: 0 },
      recentRequests: 30 + 1_000 + 20 + 411,
    });
    expect(cloudWatch.inputs[0].MetricDataQueries?.map(({ Id: id, MetricStat: stat }) => `${id} ${stat?.Metric?.MetricName} ${stat?.Metric?.Dimensions?.[2].Value} ${stat?.Period}`)).toEqual([
      'm0 Invocations v2 60', 'm1 Failures v2 60', 'm2 Invocations v1 60', 'm3 Failures v1 60',
    ]);
  });

  test('no open period is judged, whatever the clock says', () => {
    for (let second = 0; second < 300; second++) {
      const { until, periodSeconds } = closedPeriods(
        { stageStartedAt: NOW },
        { periodSeconds: 60, delaySeconds: 60 },
        NOW + second * 1_000,
      );
      expect(until % (periodSeconds * 1_000)).toBe(0);
      expect(until).toBeLessThanOrEqual(NOW + second * 1_000 - 60_000);
    }
  });

  test('of ten seconds become counts of a minute when CloudWatch keeps them no longer', () => {
    const metrics = { periodSeconds: 10, delaySeconds: 10 };
    expect(closedPeriods({ stageStartedAt: NOW - 3_600_000 }, metrics, NOW).periodSeconds).toBe(10);
    expect(closedPeriods({ stageStartedAt: NOW - 10_000_000 }, metrics, NOW).periodSeconds).toBe(60);
    // Minutes are kept for 15 days, five minutes for 63: asked for what is gone, CloudWatch answers with nothing.
    const days = 86_400_000;
    expect([14, 15, 62, 63].map((age) => closedPeriods({ stageStartedAt: NOW - age * days }, metrics, NOW).periodSeconds)).toEqual([
      60, 300, 300, 3_600,
    ]);
  });

  test('that cannot be read are unknown, and the candidate is then not watched', async () => {
    const seen = await observe(state(), { cloudWatch: fails('ThrottlingException'), lambda: fails('x'), ssm: fails('x'), cells: { read: fails('x').send }, now: () => NOW, warn: () => {} });
    expect(seen.candidate).toBeUndefined();
    expect(isWatched(seen)).toBe(false);
    expect(isWatched({ ...healthy, recentRequests: 0 })).toBe(false);
    expect(isWatched(healthy)).toBe(true);
  });

  test('that contradict each other are unknown', async () => {
    const answer = (second: number): ReturnType<typeof client> => {
      const times = [new Date(Date.UTC(2026, 10, 24, 11, 57))];
      return client(({ NextToken: token }: Input) => ({ ...(token === undefined ? { NextToken: 'more' } : {}), MetricDataResults: [{ Id: 'm1', Timestamps: times, Values: [token === undefined ? 9 : second] }] }));
    };
    expect((await readCounts(answer(9), state(), NOW)).candidate.failures).toBe(9);
    await expect(readCounts(answer(0), state(), NOW)).rejects.toThrow('two things of one period of Failures');
  });

  test('fails for an answer that is none', async () => {
    await expect(readCounts(client(() => ({ MetricDataResults: [{ Id: 'm0', StatusCode: 'InternalError' }] })), state(), NOW)).rejects.toThrow('InternalError');
  });
});

describe('alarms', () => {
  const guardrail = (name: string, overrides: Partial<AlarmGuardrailPlan> = {}): AlarmGuardrailPlan => ({ name, action: 'rollback', kind: 'alarm', alarmName: name, insufficientData: 'hold', ...overrides });

  test('metric and composite, of any number, in every state', async () => {
    const cloudWatch = client<DescribeAlarmsCommand['input']>(({ AlarmNames: names = [] }) => ({
      MetricAlarms: names.filter((name) => name !== 'composite' && name !== 'gone').map((name) => ({ AlarmName: name, StateValue: ({ bad: 'ALARM', non: 'INSUFFICIENT_DATA' } as const)[name.slice(0, 3)] ?? 'OK', StateReason: 'because' })),
      CompositeAlarms: names.filter((name) => name === 'composite').map((name) => ({ AlarmName: name, StateValue: 'ALARM', StateReason: 'children' })),
    }));
    const many = Array.from({ length: 120 }, (_, index) => guardrail(`fine${index}`));
    const readings = await readAlarms(cloudWatch, state(), [guardrail('bad'), guardrail('composite'), guardrail('gone'), guardrail('none'), guardrail('none2', { insufficientData: 'ok' }), ...many]);
    expect(readings.slice(0, 5).map(({ name, status, unreadable = false }) => [name, status, unreadable])).toEqual([
      ['bad', 'triggered', false], ['composite', 'triggered', false], ['gone', 'unknown', true], ['none', 'unknown', false], ['none2', 'ok', false],
    ]);
    expect(readings[0].detail).toBe('alarm bad is in ALARM: because');
    expect(cloudWatch.inputs.map(({ AlarmNames: names }) => names?.length)).toEqual([100, 25]);
    expect(cloudWatch.inputs[0].AlarmTypes).toEqual(['MetricAlarm', 'CompositeAlarm']);
  });

  test('on what only the candidate does have no data before its first request, which is no reason to wait for any; later it is', async () => {
    const router = (of: { [name: string]: string }): object => ({ Namespace: 'ModelRollout', Dimensions: Object.entries({ Endpoint: 'fraud', Alias: 'live', ...of }).map(([Name, Value]) => ({ Name, Value })) });
    const alarms: { [name: string]: object } = {
      candidate: router({ Variant: 'candidate' }), version: router({ Version: 'v2' }),
      math: { Metrics: [{ Expression: 'a/b' }, { MetricStat: { Metric: { Namespace: 'ModelRollout', ...router({ Variant: 'candidate' }) } } }] },
      function: { Namespace: 'AWS/Lambda', Dimensions: [{ Name: 'FunctionName', Value: 'candidate' }] },
      production: router({ Variant: 'production' }), alias: router({}), elsewhere: router({ Endpoint: 'spam', Variant: 'candidate' }), other: { Namespace: 'Shop', Dimensions: [{ Name: 'Variant', Value: 'candidate' }] },
      both: { Metrics: [{ MetricStat: { Metric: router({ Variant: 'candidate' }) } }, { MetricStat: { Metric: router({ Variant: 'production' }) } }] },
    };
    const cloudWatch = client<DescribeAlarmsCommand['input']>(({ AlarmNames: names = [] }) => ({ MetricAlarms: names.map((name) => ({ AlarmName: name, StateValue: 'INSUFFICIENT_DATA', StateReason: '', ...alarms[name] })) }));
    const statuses = async (stage: number): Promise<string[]> => (await readAlarms(cloudWatch, { ...state(), stage }, Object.keys(alarms).map((name) => guardrail(name)))).filter(({ status }) => status === 'ok').map(({ name }) => name);
    expect(await statuses(-1)).toEqual(['candidate', 'version', 'math', 'function']);
    expect(await statuses(0)).toEqual([]);
  });

  test('that cannot be read are unknown', async () => {
    const [reading] = await readAlarms(fails('ThrottlingException'), state(), [guardrail('a')]);
    expect(reading).toMatchObject({ status: 'unknown', unreadable: true, detail: 'alarm a cannot be read: ThrottlingException: no' });
  });
});

describe('change calendars', () => {
  const calendar = (answer: object | undefined): Promise<string> =>
    observe(state({ stage: -1 }, { calendars: ['c'], guardrails: [] }), {
      cloudWatch: fails('x'), lambda: fails('x'), ssm: answer === undefined ? fails('InvalidDocument') : client(() => answer), cells: { read: fails('x').send }, now: () => NOW, warn: () => {},
    }).then((seen) => seen.calendar);

  test('are open, closed or not known', async () => {
    expect([await calendar({ State: 'OPEN' }), await calendar({ State: 'CLOSED' }), await calendar(undefined)]).toEqual(['open', 'closed', 'unknown']);
  });
});

describe('readiness', () => {
  const tests = [{ name: 'one', body: '{"x":1}', contentType: 'application/json', status: 200, expect: [{ path: '$.label', value: 1 }] }];
  const router = (outcome: Awaited<ReturnType<Router['ask']>>['outcome'], problems: string[] = []): Router & { times: number[] } => {
    const times: number[] = [];
    return {
      times,
      probe: async () => ({ problems }),
      ask: async (_, event) => (times.push(event.times), { outcome, failed: 0, milliseconds: 1 }),
    };
  };
  const answer = (body: string, status = 200): Awaited<ReturnType<Router['ask']>>['outcome'] => ({ kind: 'answer' as const, status, body });

  test('is a right answer to every golden request', async () => {
    const asked = router(answer('{"label":1}'));
    const twice = state({}, { smokeTests: [...tests, ...tests] });
    expect(await readiness(twice, asked, backendClients({}))).toEqual({ ready: true, failed: false });
    expect(asked.times).toEqual([1, 1]);
  });

  test.each<[string, Parameters<typeof router>, object]>([
    ['a wrong answer', [answer('{"label":2}')], { failed: true, problem: 'smoke test "one": $.label is 2 instead of 1' }],
    ['no JSON', [answer('<html>')], { failed: true, problem: 'smoke test "one": the answer is not JSON' }],
    ['a model that raises', [failure(FailureClass.MODEL, ErrorCode.MODEL_ERROR, 'ValueError: x')], { failed: true, problem: 'smoke test "one": status 424 instead of 200 (ValueError: x)' }],
    ['a model that is throttled', [failure(FailureClass.THROTTLE, ErrorCode.THROTTLED, 'busy')], { failed: false, problem: 'smoke test "one": busy' }],
    ['a router that may not call it yet', [answer('{}'), ['arn: AccessDenied']], { failed: false, problem: 'arn: AccessDenied' }],
  ])('fails for %s', async (_, given, expected) => {
    const is = await readiness(state({}, { smokeTests: tests }), router(...given), backendClients({}));
    expect(is).toMatchObject({ ready: false, ...expected });
  });

  test('an answer that breaks the schema of its request is wrong, and is said to be where it breaks it', async () => {
    const schema = { type: 'object', properties: { label: { type: 'string' } } };
    const asked = (body: string): Promise<object> =>
      readiness(state({}, { smokeTests: [{ ...tests[0], expect: [], schema }] }), router(answer(body)), backendClients({}));
    expect(await asked('{"label":1}')).toMatchObject({ failed: true, problem: expect.stringMatching(/^smoke test "one": the answer breaks its schema, at #\/label: .*string/) });
    expect(await asked('no')).toMatchObject({ failed: true, problem: 'smoke test "one": the answer breaks its schema, it is not JSON' });
    expect(await asked('{"label":"cat"}')).toEqual({ ready: true, failed: false });
  });

  test('of a SageMaker endpoint is its service', async () => {
    const candidate = variant('candidate', { target: { kind: 'sagemaker', endpointName: 'e', maxRequestBytes: 1 } });
    const of = (status: string): Promise<object> => readiness(state({ candidate }), router(answer('')), backendClients({ sageMaker: client(() => ({ EndpointStatus: status, FailureReason: status === 'Failed' ? 'no image' : undefined })) }));
    expect(await of('InService')).toEqual({ ready: true, failed: false });
    expect(await of('Creating')).toMatchObject({ ready: false, problem: 'SageMaker endpoint e is Creating' });
    expect(await of('Failed')).toMatchObject({ ready: false, problem: 'SageMaker endpoint e is Failed: no image' });
  });
});

describe('hooks', () => {
  const hooked = state({}, { hooks: [{ point: 'before-step', functionArn: 'arn:aws:lambda:r:1:function:check' }, { point: 'after', functionArn: 'arn:aws:lambda:r:1:function:other' }] });

  test.each([
    ['{"verdict":"pass","reason":"fine"}', undefined, 'pass', 'fine'],
    ['{"verdict":"fail","reason":"bad answers"}', undefined, 'fail', 'bad answers'],
    ['{"verdict":"wait"}', undefined, 'wait', 'no reason given'],
    ['null', undefined, 'wait', 'it answered with no verdict "pass", "wait" or "fail"'],
    ['{"ok":true}', undefined, 'wait', 'it answered with no verdict "pass", "wait" or "fail"'],
    ['{"errorMessage":"x"}', 'Unhandled', 'wait', 'it failed: {"errorMessage":"x"}'],
  ])('%s', async (text, failed, verdict, reason) => {
    const lambda = client<{ FunctionName: string; Payload: string }>(() => ({ Payload: Buffer.from(text), FunctionError: failed }));
    expect(await askHooks(lambda, hooked, ['before-step'], 50)).toEqual([{ name: 'hook check (before-step)', verdict, reason }]);
    expect(JSON.parse(lambda.inputs[0].Payload)).toMatchObject({ point: 'before-step', alias: 'fraud/live', percent: 5, nextPercent: 50, candidateVersion: 'v2' });
  });

  test('that cannot be asked give no permission', async () => {
    expect(await askHooks(fails('AccessDeniedException'), hooked, ['before-step'], 50)).toMatchObject([{ verdict: 'wait', reason: 'it could not be asked: AccessDeniedException: no' }]);
  });
});
