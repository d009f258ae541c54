import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Template } from 'aws-cdk-lib/assertions';
import { StateMachine } from 'aws-local-stepfunctions';
import { RolloutMachine } from '../../lib/control-plane/rollout-machine';
import { flat, newStack } from '../fixtures/stacks';
import validate from 'asl-validator';
import { type ControllerTask, LONGEST_TASK_SECONDS, PATIENCE, TASK_SECONDS } from '../../lib/core/rollout/execution';

interface State {
  readonly Type: string;
  readonly Parameters?: { readonly [name: string]: unknown };
  readonly Retry?: { MaxAttempts: number }[];
  readonly Catch?: unknown[];
}
interface Definition { readonly StartAt: string; readonly States: { readonly [name: string]: State } }

const stack = newStack();
new RolloutMachine(stack, 'Machine', { controller: lambda.Function.fromFunctionArn(stack, 'Fn', 'arn:aws:lambda:eu-west-1:111111111111:function:controller') });
const [machine] = Object.values(Template.fromStack(stack).findResources('AWS::StepFunctions::StateMachine'));
const definition = JSON.parse(flat(machine.Properties.DefinitionString)) as Definition;

type Call = { readonly task: ControllerTask; readonly error?: { readonly Error: string; readonly Cause: string } } & {
  readonly [field: string]: unknown;
};
type Answer = string | Error;

/**
 * Run the definition with a controller that answers each task from its script, the last answer again and again; a text is a verdict.
 * Returns the states in their order, without what is tried again, and everything the controller was asked.
 */
async function run(script: { readonly [task in ControllerTask]?: readonly Answer[] }, verdict = 'start'): Promise<{ path: string[]; calls: Call[]; failure?: Error }> {
  const calls: Call[] = [];
  const asked: { [task: string]: number } = {};
  const controller = (input: unknown): object => {
    const call = input as Call;
    calls.push(call);
    const answers = script[call.task] ?? [];
    const answer = answers[Math.min(asked[call.task] ?? 0, answers.length - 1)];
    asked[call.task] = (asked[call.task] ?? 0) + 1;
    if (answer === undefined) {
      throw new Error(`nobody expected ${call.task}`);
    }
    if (answer instanceof Error) {
      throw answer;
    }
    return { alias: 'fraud/live', rolloutId: 'r1', generation: 0, ticks: Number(call.ticks) + 1, verdict: answer, waitSeconds: 5, drainSeconds: 3 };
  };
  const ofType = (type: string): string[] => Object.keys(definition.States).filter((name) => definition.States[name].Type === type);
  const handlers = Object.fromEntries(ofType('Task').map((name) => [name, controller]));
  const execution = new StateMachine(definition as never).run(
    { alias: 'fraud/live', rolloutId: 'r1', generation: 0, ticks: 0, verdict, waitSeconds: 5, drainSeconds: 3 },
    {
      overrides: {
        taskResourceLocalHandlers: handlers as never,
        waitTimeOverrides: Object.fromEntries(ofType('Wait').map((name) => [name, 0])),
        retryIntervalOverrides: Object.fromEntries(ofType('Task').map((name) => [name, 0])),
      },
    },
  );
  const path: string[] = [];
  const logs = (async (): Promise<void> => {
    for await (const event of execution.eventLogs) {
      if (event.type.endsWith('StateEntered') || event.type === 'StateEntered') {
        path.push((event as unknown as { state: { name: string } }).state.name);
      }
    }
  })();
  let failure: Error | undefined;
  await execution.result.catch((error: Error) => { failure = error; });
  await logs;
  return { path, calls, failure };
}

const boom = new Error('boom');
const BAKE = ['Bake', 'Judge', 'Verdict?'];
const START = ['Continued?', 'Prepare', 'Prepared?'];
const TO_ONE = [...START, 'Shift', 'Shifted?', ...BAKE];
const BACK = ['Drain', 'Report', 'Outcome?', 'Rolled back'];

test('asl-validator has nothing to say', () => {
  const result = validate(definition, { checkArn: true, checkPaths: true });
  expect([result.isValid, result.errorsText()]).toEqual([true, '']);
});

test('no variables and no JSONata: every interpreter can run it', () => {
  expect(JSON.stringify(definition)).not.toMatch(/JSONata|"Assign"|"Arguments"|"Output"/);
});

test('every task is tried again, has a time limit and a way out', () => {
  for (const [name, state] of Object.entries(definition.States).filter(([, { Type: type }]) => type === 'Task')) {
    expect([name, state]).toEqual([name, expect.objectContaining({
      TimeoutSeconds: TASK_SECONDS[(state.Parameters as { task: ControllerTask }).task],
      Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2, MaxAttempts: 6, BackoffRate: 2, MaxDelaySeconds: 30 }],
      Catch: [expect.objectContaining({ ErrorEquals: ['States.ALL'], ResultPath: '$.error' }) as object],
    })]);
  }
});

test('no task may lawfully take longer than its state, whatever answers late', () => {
  expect(TASK_SECONDS.judge).toBeGreaterThan(PATIENCE.guardrail + PATIENCE.hook);
  expect(TASK_SECONDS.prepare).toBeGreaterThan(PATIENCE.guardrail + PATIENCE.answer + PATIENCE.hook);
  expect(TASK_SECONDS.shift).toBeGreaterThan(PATIENCE.answer);
  expect(TASK_SECONDS.report).toBeGreaterThan(PATIENCE.hook);
  expect(TASK_SECONDS.replay).toBeGreaterThan(PATIENCE.replay + 3 * PATIENCE.replayedAnswer);
  expect(LONGEST_TASK_SECONDS).toBe(TASK_SECONDS.replay);
});

describe('every way through', () => {
  test.each<[string, Parameters<typeof run>[0], string[], string?]>([
    ['two stages, one hold, promoted',
      { prepare: ['advance'], shift: ['hold'], judge: ['hold', 'advance', 'promote'], promote: ['drain'], report: ['promoted'] },
      [...TO_ONE, ...BAKE, 'Shift', 'Shifted?', ...BAKE, 'Promote', 'Promoted?', 'Drain', 'Report', 'Outcome?', 'Promoted']],
    ['a version that cannot be deleted yet', { prepare: ['promote'], promote: ['drain'], report: ['drain', 'promoted'] },
      [...START, 'Promote', 'Promoted?', 'Drain', 'Report', 'Outcome?', 'Drain', 'Report', 'Outcome?', 'Promoted']],
    ['ready later', { prepare: ['hold', 'hold', 'promote'], promote: ['drain'], report: ['promoted'] },
      [...START, 'Wait until ready', 'Prepare', 'Prepared?', 'Wait until ready', 'Prepare', 'Prepared?', 'Promote', 'Promoted?', 'Drain', 'Report', 'Outcome?', 'Promoted']],
    ['never ready', { prepare: ['roll back'], rollBack: ['drain'], report: ['rolled back'] }, [...START, 'Roll back', ...BACK]],
    ['refused by a guardrail', { prepare: ['advance'], shift: ['hold'], judge: ['roll back'], rollBack: ['drain'], report: ['rolled back'] }, [...TO_ONE, 'Roll back', ...BACK]],
    ['refused on the way into a stage', { prepare: ['advance'], shift: ['roll back'], rollBack: ['drain'], report: ['rolled back'] },
      [...START, 'Shift', 'Shifted?', 'Roll back', ...BACK]],
    ['refused on the way into production', { prepare: ['promote'], promote: ['roll back'], rollBack: ['drain'], report: ['rolled back'] },
      [...START, 'Promote', 'Promoted?', 'Roll back', ...BACK]],
    ['superseded before it began', { prepare: ['superseded'], report: ['superseded'] }, [...START, 'Report', 'Outcome?', 'Superseded']],
    ['superseded at a shift', { prepare: ['advance'], shift: ['superseded'], report: ['superseded'] }, [...START, 'Shift', 'Shifted?', 'Report', 'Outcome?', 'Superseded']],
    ['superseded in a bake', { prepare: ['advance'], shift: ['hold'], judge: ['superseded'], report: ['superseded'] }, [...TO_ONE, 'Report', 'Outcome?', 'Superseded']],
    ['superseded at the promotion', { prepare: ['promote'], promote: ['superseded'], report: ['superseded'] }, [...START, 'Promote', 'Promoted?', 'Report', 'Outcome?', 'Superseded']],
    ['handed over in a bake', { prepare: ['advance'], shift: ['hold'], judge: ['hand over'], handOver: ['continue'] }, [...TO_ONE, 'Hand over', 'Continues in a new execution']],
    ['handed over before it began', { prepare: ['hand over'], handOver: ['start'] }, [...START, 'Hand over', 'Continues in a new execution']],
    ['continued', { judge: ['promote'], promote: ['drain'], report: ['promoted'] },
      ['Continued?', ...BAKE, 'Promote', 'Promoted?', 'Drain', 'Report', 'Outcome?', 'Promoted'], 'continue'],
  ])('%s', async (_, script, path, ...[verdict]) => {
    expect((await run(script, verdict)).path).toEqual(path);
  });

  test('the end is a failure exactly when the candidate was rolled back', async () => {
    expect((await run({ prepare: ['roll back'], rollBack: ['drain'], report: ['rolled back'] })).failure).toBeDefined();
    expect((await run({ prepare: ['superseded'], report: ['superseded'] })).failure).toBeUndefined();
    expect((await run({ prepare: ['promote'], promote: ['drain'], report: ['promoted'] })).failure).toBeUndefined();
  });
});

describe('a verdict that nobody knows rolls back', () => {
  const script = { rollBack: ['drain'], report: ['rolled back'] };
  test.each<[string, Parameters<typeof run>[0]]>([
    ['after Prepare', { ...script, prepare: ['invalid'] }],
    ['after Shift', { ...script, prepare: ['advance'], shift: ['advance'] }],
    ['after Judge', { ...script, prepare: ['advance'], shift: ['hold'], judge: ['invalid'] }],
    ['after Promote', { ...script, prepare: ['promote'], promote: ['promoted'] }],
  ])('%s', async (_, each) => {
    expect((await run(each)).path.slice(-5)).toEqual(['Roll back', ...BACK]);
  });
});

describe('errors', () => {
  const good = { prepare: ['advance'], shift: ['hold'], judge: ['promote'], promote: ['drain'], rollBack: ['drain'], report: ['promoted'] };

  test.each<ControllerTask>(['prepare', 'shift', 'judge', 'promote', 'report'])('%s is asked again six times', async (task) => {
    const { path, calls } = await run({ ...good, [task]: [...Array<Answer>(6).fill(boom), good[task as keyof typeof good][0]] });
    expect(path.at(-1)).toBe('Promoted');
    expect(calls.filter((call) => call.task === task)).toHaveLength(7);
  });

  test.each<ControllerTask>(['prepare', 'shift', 'judge', 'promote', 'handOver'])('%s that fails for good rolls back and says why', async (task) => {
    const { path, calls } = await run({ ...good, judge: [task === 'handOver' ? 'hand over' : 'promote'], report: ['rolled back'], [task]: [boom] });
    expect(path.slice(-5)).toEqual(['Roll back after an error', ...BACK]);
    expect(calls.find((call) => call.task === 'rollBack')).toMatchObject({ rolloutId: 'r1', alias: 'fraud/live', error: { Cause: expect.stringContaining('boom') as string } });
    expect(calls.find((call) => call.task === 'report')).not.toHaveProperty('error');
  });

  test('a rollback that fails for good is reported all the same', async () => {
    const { path, calls } = await run({ prepare: ['roll back'], rollBack: [boom], report: ['rolled back'] });
    expect(path.slice(-5)).toEqual(['Roll back', 'Drain after an error', 'Report after an error', 'Outcome?', 'Rolled back']);
    expect(calls.at(-1)).toMatchObject({ task: 'report', error: { Cause: expect.stringContaining('boom') as string } });
  });

  test('so is one after an error', async () => {
    const { path } = await run({ prepare: [boom], rollBack: [boom], report: ['rolled back'] });
    expect(path.slice(-5)).toEqual(['Roll back after an error', 'Drain after an error', 'Report after an error', 'Outcome?', 'Rolled back']);
  });

  test.each([['promoted', { prepare: ['superseded'], report: [boom] }], ['rolled back', { prepare: ['roll back'], rollBack: [boom], report: [boom] }]])(
    'an end that cannot be reported is a failure of its own: %s', async (_, script) => {
      const { path, failure } = await run(script);
      expect(path.at(-1)).toBe('Not reported');
      expect(failure).toBeDefined();
    },
  );
});

test('what the controller is told', async () => {
  const { calls } = await run({ prepare: ['promote'], promote: ['drain'], report: ['promoted'] });
  expect(calls[0]).toEqual({ task: 'prepare', alias: 'fraud/live', rolloutId: 'r1', generation: 0, ticks: 0 });
  expect(calls.map(({ task, ticks }) => [task, ticks])).toEqual([['prepare', 0], ['promote', 1], ['report', 2]]);
});
