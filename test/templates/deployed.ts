/** A synthesized template as if it were deployed: every reference has become a name or an ARN. */
export interface Deployed {
  readonly resources: { readonly [id: string]: DeployedResource };
}

export interface DeployedResource {
  readonly type: string;
  readonly arn: string;
  readonly name: string;
  readonly properties: { readonly [name: string]: unknown };
}

interface Template {
  readonly Resources: { readonly [id: string]: { readonly Type: string; readonly Properties?: { readonly [name: string]: unknown } } };
}

export const ACCOUNT = '111111111111';
export const REGION = 'eu-west-1';

const arn = (service: string, resource: string, region = REGION, account = ACCOUNT): string => `arn:aws:${service}:${region}:${account}:${resource}`;

export function stackId(stack: string): string {
  return arn('cloudformation', `stack/${stack}/00000000-0000-0000-0000-000000000000`);
}

/** The property with the name, and the ARN of it. */
const TYPES: { readonly [type: string]: readonly [property: string, arn: (name: string) => string] } = {
  'AWS::DynamoDB::Table': ['TableName', (name) => arn('dynamodb', `table/${name}`)],
  'AWS::Events::Rule': ['Name', (name) => arn('events', `rule/${name}`)],
  'AWS::IAM::Role': ['RoleName', (name) => arn('iam', `role/${name}`, '')],
  'AWS::Lambda::Function': ['FunctionName', (name) => arn('lambda', `function:${name}`)],
  'AWS::Logs::LogGroup': ['LogGroupName', (name) => arn('logs', `log-group:${name}:*`)],
  'AWS::S3::Bucket': ['BucketName', (name) => arn('s3', name, '', '')],
  'AWS::SNS::Topic': ['TopicName', (name) => arn('sns', name)],
  'AWS::SageMaker::Endpoint': ['EndpointName', (name) => arn('sagemaker', `endpoint/${name}`)],
  'AWS::StepFunctions::StateMachine': ['StateMachineName', (name) => arn('states', `stateMachine:${name}`)],
};

const REF_IS_ARN = ['AWS::SNS::Topic', 'AWS::StepFunctions::StateMachine'];

export function deployed(stack: string, template: Template): Deployed {
  const pseudo: { readonly [name: string]: string } = {
    'AWS::AccountId': ACCOUNT, 'AWS::Partition': 'aws', 'AWS::Region': REGION, 'AWS::URLSuffix': 'amazonaws.com', 'AWS::StackName': stack,
    'AWS::StackId': stackId(stack),
  };
  const nameOf = (id: string): string => {
    const { Type: type, Properties: properties = {} } = template.Resources[id];
    const [property] = TYPES[type] ?? [];
    const chosen = property === undefined ? undefined : properties[property];
    return chosen === undefined ? `${stack}-${id}`.slice(0, 64).toLowerCase() : (resolve(chosen) as string);
  };
  const arnOf = (id: string): string => {
    const [, of] = TYPES[template.Resources[id].Type] ?? [undefined, (name: string) => arn('other', name)];
    return of(nameOf(id));
  };
  const ref = (id: string): string => {
    if (id in pseudo) {
      return pseudo[id];
    }
    const found = template.Resources[id];
    if (found?.Type === 'AWS::Lambda::Version') {
      return `${arn('lambda', `function:${resolve(found.Properties!.FunctionName) as string}`)}:1`;
    }
    return found === undefined ? id : REF_IS_ARN.includes(found.Type) ? arnOf(id) : nameOf(id);
  };
  const resolve = (value: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map(resolve);
    }
    if (value === null || typeof value !== 'object') {
      return value;
    }
    const { Ref: id, 'Fn::GetAtt': attribute, 'Fn::Join': join, 'Fn::Sub': sub } = value as {
      Ref?: string; 'Fn::GetAtt'?: [string, string]; 'Fn::Join'?: [string, unknown[]]; 'Fn::Sub'?: string;
    };
    if (id !== undefined) {
      return ref(id);
    }
    if (attribute !== undefined) {
      return attribute[1] === 'Arn' ? arnOf(attribute[0]) : nameOf(attribute[0]);
    }
    if (join !== undefined) {
      return (resolve(join[1]) as string[]).join(join[0]);
    }
    return sub !== undefined ? sub.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => ref(name)) : Object.fromEntries(Object.entries(value).map(([member, item]) => [member, resolve(item)]));
  };
  return {
    resources: Object.fromEntries(Object.entries(template.Resources).map(([id, { Type: type, Properties: properties = {} }]) =>
      [id, { type, arn: arnOf(id), name: nameOf(id), properties: resolve(properties) as { readonly [name: string]: unknown } }])),
  };
}

export interface Policy {
  readonly name: string;
  readonly policy: { readonly Version: string; readonly Statement: readonly Statement[] };
}

export interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
}

/** Every policy of a role, its own and those attached to it. */
export function policiesOf({ resources }: Deployed, roleName: string): Policy[] {
  const role = Object.values(resources).find(({ type, name }) => type === 'AWS::IAM::Role' && name === roleName);
  const attached = (role?.properties as { ManagedPolicyArns?: string[] } | undefined)?.ManagedPolicyArns ?? [];
  return Object.entries(resources).flatMap(([id, { type, name, properties }]) => {
    const { Policies: inline, Roles: roles, PolicyDocument: document } = properties as { Policies?: { PolicyName: string; PolicyDocument: Policy['policy'] }[]; Roles?: string[]; PolicyDocument?: Policy['policy'] };
    if (type === 'AWS::IAM::Role' && name === roleName) {
      return (inline ?? []).map((each) => ({ name: each.PolicyName, policy: each.PolicyDocument }));
    }
    return (type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy') && (roles?.includes(roleName) === true || attached.includes(name)) ? [{ name: id, policy: document! }] : [];
  });
}
