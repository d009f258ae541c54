import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { Model, ModelEndpoint } from '../../lib';

// npm link and workspaces of pnpm give an app two copies of aws-cdk-lib: what one has made, the other knows by what it is, not by its
// class.

/** What is made with the other copy, which loads its parts as they are used. */
const other = <T extends object, R>(module: string, make: (exports: T) => R): R => {
  let made: R | undefined;
  jest.isolateModules(() => {
    made = make(jest.requireActual<T>(module));
  });
  return made!;
};
const otherIam = <R>(make: (exports: typeof iam) => R): R => other('aws-cdk-lib/aws-iam', make);
const model = (environment?: { [name: string]: string }): Model =>
  Model.lambdaFunction({ code: lambda.Code.fromInline('v1'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, environment });
const newStack = (): Stack => new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });

test('these are two copies', () => expect(otherIam(({ CfnPolicy }) => CfnPolicy)).not.toBe(jest.requireActual<typeof iam>('aws-cdk-lib/aws-iam').CfnPolicy));

test('an API of the other copy is known with its binary types', () => {
  const stack = newStack();
  const api = other('aws-cdk-lib/aws-apigateway', ({ RestApi }: typeof apigateway) => new RestApi(stack, 'Api', { binaryMediaTypes: ['image/png'] }));
  new ModelEndpoint(stack, 'Fraud', { model: model(), api });
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
    Environment: { Variables: Match.objectLike({ MODEL_ROLLOUT_BINARY_MEDIA_TYPES: '["image/png"]' }) },
  });
});

test('policies of the other copy count for what IAM allows a role', () => {
  const app = new App();
  const stack = new Stack(app, 'Stack');
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: model() });
  const role = endpoint.node.findAll().find((construct) => construct.node.path === 'Stack/Fraud/Router/Function/Role') as unknown as iam.IRole;
  const resources = Array.from({ length: 120 }, (_, index) => `arn:aws:s3:::bucket-${index}/${'x'.repeat(80)}`);
  otherIam(({ Policy, PolicyStatement }) => new Policy(stack, 'Large', { roles: [role], statements: [new PolicyStatement({ actions: ['s3:GetObject'], resources })] }));
  expect(() => app.synth()).toThrow(/inline policies of the role have about 1\d{4} characters/);
});

test('a key of the other copy is part of a version as one of the first is', () => {
  const digest = (key: (stack: Stack) => kms.IKey): unknown => {
    const stack = newStack();
    new ModelEndpoint(stack, 'Fraud', { model: model({ KEY: key(stack).keyArn }) });
    const [route] = Object.values(Template.fromStack(stack).findResources('Custom::ModelRolloutRoute'));
    return /"version\\*":\\*"([0-9a-f]{64})/.exec(JSON.stringify(route))?.[1];
  };
  const own = digest((stack) => new kms.Key(stack, 'Key'));
  expect(own).toBeDefined();
  expect(digest((stack) => other('aws-cdk-lib/aws-kms', ({ Key }: typeof kms) => new Key(stack, 'Key')))).toBe(own);
});
