import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import { CanaryRollout, Guardrail } from '../../lib';
import { countTypes, flat, newEndpoint, newStack, statementsOf } from '../fixtures/stacks';

const stack = newStack();
new CanaryRollout(stack, 'Rollout', { endpoint: newEndpoint(stack), guardrails: [Guardrail.errorPercentAbove(1)] });
const template = Template.fromStack(stack);

/** What a function of the control plane may do, as `action resource` by the beginnings of logical ids. */
function rights(role: string): string[] {
  return statementsOf(template, role).flatMap(({ Action: action, Resource: resource }) =>
    [action].flat().map((each) => `${each} ${flat(resource).replace(/[0-9A-F]{8}(?=[.>])/, '')}`)).sort();
}

const functionOf = (id: string): { Properties: { Environment: { Variables: { [name: string]: unknown } } } } =>
  Object.entries(template.findResources('AWS::Lambda::Function')).find(([each]) => each.startsWith(`ModelRollout${id}`))![1] as never;

describe('least privilege', () => {
  test('the controller', () => expect(rights('ModelRolloutControllerRole')).toEqual([
    'cloudwatch:DescribeAlarms *',
    'cloudwatch:GetMetricData *',
    'dynamodb:DeleteItem <ModelRolloutRoutes.Arn>',
    'dynamodb:GetItem <ModelRolloutRollouts.Arn>',
    'dynamodb:GetItem <ModelRolloutRoutes.Arn>',
    'dynamodb:PutItem <ModelRolloutRollouts.Arn>',
    'dynamodb:PutItem <ModelRolloutRoutes.Arn>',
    'events:PutEvents arn:<AWS::Partition>:events:eu-west-1:111111111111:event-bus/default',
    'lambda:GetAccountSettings *',
    'lambda:GetFunctionConcurrency arn:<AWS::Partition>:lambda:eu-west-1:111111111111:function:*-e5516412-*',
    'lambda:GetProvisionedConcurrencyConfig arn:<AWS::Partition>:lambda:eu-west-1:111111111111:function:*-e5516412-*',
    'lambda:InvokeFunction <FraudRouterFunction.Arn>',
    'logs:CreateLogStream <ModelRolloutControllerLog.Arn>',
    'logs:PutLogEvents <ModelRolloutControllerLog.Arn>',
    'states:StartExecution <ModelRolloutMachine>',
  ]));

  test('the abort function knows routes only', () => expect(rights('ModelRolloutAbortRole')).toEqual([
    'dynamodb:GetItem <ModelRolloutRoutes.Arn>',
    'dynamodb:PutItem <ModelRolloutRoutes.Arn>',
    'logs:CreateLogStream <ModelRolloutAbortLog.Arn>',
    'logs:PutLogEvents <ModelRolloutAbortLog.Arn>',
  ]));

  test('the operate function knows rollouts only', () => expect(rights('ModelRolloutOperateRole')).toEqual([
    'dynamodb:DeleteItem <ModelRolloutRollouts.Arn>',
    'dynamodb:GetItem <ModelRolloutRollouts.Arn>',
    'dynamodb:PutItem <ModelRolloutRollouts.Arn>',
    'dynamodb:Query <ModelRolloutRollouts.Arn>',
    'logs:CreateLogStream <ModelRolloutOperateLog.Arn>',
    'logs:PutLogEvents <ModelRolloutOperateLog.Arn>',
  ]));

  test('the gate', () => expect(rights('ModelRolloutGateRole')).toEqual([
    'cloudformation:DescribeStacks <AWS::StackId>',
    'dynamodb:DeleteItem <ModelRolloutRollouts.Arn>',
    'dynamodb:DeleteItem <ModelRolloutRoutes.Arn>',
    'dynamodb:GetItem <ModelRolloutRollouts.Arn>',
    'dynamodb:GetItem <ModelRolloutRoutes.Arn>',
    'dynamodb:PutItem <ModelRolloutRollouts.Arn>',
    'dynamodb:PutItem <ModelRolloutRoutes.Arn>',
    'dynamodb:Query <ModelRolloutRollouts.Arn>',
    'dynamodb:Scan <ModelRolloutRoutes.Arn>',
    'lambda:InvokeFunction <FraudRouterFunction.Arn>',
    'logs:CreateLogStream <ModelRolloutGateLog.Arn>',
    'logs:PutLogEvents <ModelRolloutGateLog.Arn>',
    'states:StartExecution <ModelRolloutMachine>',
  ]));

  test('the state machine calls the controller and nothing else', () => {
    const [role] = Object.entries(template.findResources('AWS::IAM::Role')).filter(([id]) => id.startsWith('ModelRolloutMachineRole'));
    const [
      {
        PolicyDocument: { Statement: statements },
      },
    ] = role[1].Properties.Policies as { PolicyDocument: { Statement: { Action: string; Resource: unknown }[] } }[];
    expect(statements).toHaveLength(2);
    expect([statements[0].Action, flat(statements[0].Resource)]).toEqual(['lambda:InvokeFunction', expect.stringMatching(/^<ModelRolloutController.*Arn>$/)]);
  });
});

test('the table of rollouts', () => {
  template.hasResource('AWS::DynamoDB::Table', {
    DeletionPolicy: 'Delete',
    Properties: {
      KeySchema: [{ AttributeName: 'alias', KeyType: 'HASH' }, { AttributeName: 'item', KeyType: 'RANGE' }],
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
      BillingMode: 'PAY_PER_REQUEST',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    },
  });
});

test.each([
  ['Controller', ['MODEL_ROLLOUT_ROLLOUTS_TABLE', 'MODEL_ROLLOUT_STATE_MACHINE', 'MODEL_ROLLOUT_TABLE']],
  ['Abort', ['MODEL_ROLLOUT_TABLE']],
  ['Operate', ['MODEL_ROLLOUT_ROLLOUTS_TABLE']],
  ['Gate', ['MODEL_ROLLOUT_ROLLOUTS_TABLE', 'MODEL_ROLLOUT_STATE_MACHINE']],
])('%s knows what it needs', (id, names) => {
  expect(Object.keys(functionOf(id).Properties.Environment.Variables).sort()).toEqual(names);
});

test('the state machine has the name by which functions know it', () => {
  const [machine] = Object.values(template.findResources('AWS::StepFunctions::StateMachine'));
  expect(flat(functionOf('Gate').Properties.Environment.Variables.MODEL_ROLLOUT_STATE_MACHINE).endsWith(`:stateMachine:${machine.Properties.StateMachineName}`)).toBe(true);
  template.hasResourceProperties('AWS::StepFunctions::StateMachine', {
    LoggingConfiguration: { Level: 'ERROR', Destinations: [Match.anyValue()] }, TracingConfiguration: { Enabled: true },
  });
});

test('an endpoint without rollouts has none of it', () => {
  const plain = newStack();
  newEndpoint(plain);
  const types = countTypes(Template.fromStack(plain));
  expect([types['AWS::DynamoDB::Table'], types['AWS::StepFunctions::StateMachine'], types['AWS::Lambda::Function']]).toEqual([1, undefined, 3]);
});

test('whoever may look at rollouts cannot name the items that tell where CloudFormation waits for an answer', () => {
  const readable = newStack();
  const rollout = new CanaryRollout(readable, 'Rollout', { endpoint: newEndpoint(readable) });
  void rollout.abortPolicy;
  void rollout.operatePolicy;
  const user = new iam.User(readable, 'Dashboard');
  rollout.grants.read(user);
  const given = Template.fromStack(readable);
  const statements = Object.values(given.findResources('AWS::IAM::Policy', { Properties: { Users: Match.anyValue() } }))
    .concat(Object.values(given.findResources('AWS::IAM::ManagedPolicy')))
    .flatMap(({ Properties: { PolicyDocument: { Statement } } }) => Statement as { Action: string | string[]; Condition?: unknown }[])
    .filter(({ Action }) => [Action].flat().some((action) => action.startsWith('dynamodb:')));
  expect(statements).toHaveLength(6);
  const id = 'fraud-live-0123456789abcdef';
  for (const { Condition: condition } of statements) {
    const [keys] = Object.values(condition as { [operator: string]: { 'dynamodb:LeadingKeys': string[] } }).map((each) => each['dynamodb:LeadingKeys']);
    expect(keys).toEqual([expect.stringMatching(/^(\*\/\*|fraud\/live)$/)]);
    // A pattern with a slash never matches the id of a rollout, which has none.
    expect(id).not.toContain('/');
  }
});
