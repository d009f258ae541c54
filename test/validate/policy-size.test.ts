import { Template } from 'aws-cdk-lib/assertions';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as sns from 'aws-cdk-lib/aws-sns';
import { App, Stack } from 'aws-cdk-lib/core';
import { Node } from 'constructs';
import {
  BlueGreenRollout,
  CanaryRollout,
  FeedbackOutcome,
  Guardrail,
  InferenceFeedback,
  Model,
  ModelEndpoint,
  ModelImage,
  RolloutHookPoint,
  ShadowMirror,
} from '../../lib/index';

/** What CloudFormation allows in a stack. */
const MOST_RESOURCES = 500;

const newStack = (): Stack => new Stack(new App(), 'ProductionModelsOfTheFraudTeam', { env: { account: '111111111111', region: 'ap-southeast-1' } });

function inline(text: string, props: Partial<Parameters<typeof Model.lambdaFunction>[0]> = {}): Model {
  return Model.lambdaFunction({ code: lambda.Code.fromInline(text), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, ...props });
}

/** A stack with as many of something as it can hold, and the number of its resources. */
function full(add: (stack: Stack, index: number) => void, most: number): number {
  const stack = newStack();
  for (let index = 0; index < most; index++) {
    add(stack, index);
  }
  return Object.keys(Template.fromStack(stack).toJSON().Resources as object).length;
}

describe('a stack that is full of', () => {
  test('endpoints on SageMaker with rollouts, hooks and notifications fits into what IAM allows, though all models change', () => {
    const key = (stack: Stack): kms.IKey => kms.Key.fromKeyArn(stack, 'Key', `arn:aws:kms:ap-southeast-1:111111111111:key/${'0'.repeat(36)}`);
    let topic: sns.ITopic;
    const resources = full((stack, index) => {
      topic = index === 0 ? new sns.Topic(stack, 'Topic', { masterKey: key(stack) }) : topic;
      const image = ModelImage.fromEcr(ecr.Repository.fromRepositoryName(stack, `Repository${index}`, 'models'), `sha256:${'0'.repeat(64)}`);
      const endpoint = new ModelEndpoint(stack, `FraudInCountry${index}`, { model: Model.sageMaker({ image, instanceType: 'ml.c6i.xlarge', instances: { min: 2, max: 8 } }) });
      new CanaryRollout(stack, `Rollout${index}`, {
        endpoint, guardrails: [Guardrail.errorPercentAbove(1)], notifications: topic,
        hooks: [{ point: RolloutHookPoint.BEFORE_PROMOTION, handler: lambda.Function.fromFunctionArn(stack, `Hook${index}`, `arn:aws:lambda:ap-southeast-1:111111111111:function:hook-${index}`) }],
      });
    }, 13);
    expect([resources > 0.8 * MOST_RESOURCES, resources <= MOST_RESOURCES]).toEqual([true, true]);
  });

  test('aliases with functions of their own does so', () => {
    let endpoint: ModelEndpoint;
    const resources = full((stack, index) => {
      endpoint = index === 0 ? new ModelEndpoint(stack, 'Fraud', { model: inline('live') }) : endpoint;
      endpoint.addAlias(`tenant-${index}`, { model: inline(`tenant ${index}`) });
    }, 110);
    expect([resources > 0.8 * MOST_RESOURCES, resources <= MOST_RESOURCES]).toEqual([true, true]);
  });

  test('endpoints with functions and rollouts does so', () => {
    const resources = full((stack, index) => {
      new BlueGreenRollout(stack, `Rollout${index}`, { endpoint: new ModelEndpoint(stack, `Fraud${index}`, { model: inline(`${index}`) }), guardrails: [Guardrail.errorPercentAbove(1)] });
    }, 16);
    expect([resources > 0.8 * MOST_RESOURCES, resources <= MOST_RESOURCES]).toEqual([true, true]);
  });
});

test('nineteen aliases with feedback and a mirror each fit into one endpoint', () => {
  const stack = newStack();
  const endpoint = new ModelEndpoint(stack, 'Fraud', { model: inline('live') });
  const encryptionKey = kms.Key.fromKeyArn(stack, 'Key', `arn:aws:kms:ap-southeast-1:111111111111:key/${'0'.repeat(36)}`);
  for (let index = 0; index < 19; index++) {
    const alias = `tenant-${index}`;
    endpoint.addAlias(alias, { model: inline(alias) });
    new InferenceFeedback(stack, `Feedback${index}`, { endpoint, alias, outcome: FeedbackOutcome.label('$.label'), encryptionKey });
    new ShadowMirror(stack, `Shadow${index}`, { endpoint, alias, model: inline(`shadow ${index}`), maxConcurrency: 1 });
  }
  expect(() => Template.fromStack(stack)).not.toThrow();
});

describe('policies that IAM would refuse fail the synthesis', () => {
  const aliases = (count: number): Stack => {
    const stack = newStack();
    const endpoint = new ModelEndpoint(stack, 'Fraud', { model: inline('live') });
    for (let index = 0; index < count; index++) {
      endpoint.addAlias(`tenant-${index}`, { model: Model.fromFunction(lambda.Function.fromFunctionArn(stack, `Fn${index}`, `arn:aws:lambda:ap-southeast-1:111111111111:function:the-model-of-tenant-${index}:1`)) });
    }
    return stack;
  };

  test('with what they have, what is there twice while versions change, the limit and the remedy', () => {
    expect(() => Template.fromStack(aliases(40))).toThrow(
      /Fraud\/Router\/Function\/Role\] the inline policies of the role have about 1\d{4} characters while its versions change \(\d{4}, and \d{4} once more\), but IAM allows 10240; give some of its aliases to another endpoint/,
    );
  });

  test('also where an earlier synthesis of the same stack still had room', () => {
    const stack = newStack();
    const endpoint = new ModelEndpoint(stack, 'Fraud', { model: inline('live') });
    const role = endpoint.node.findChild('Router').node.findChild('Function').node.findChild('Role') as iam.Role;
    expect(Node.of(role).validate()).toEqual([]);
    for (let index = 0; index < 200; index++) {
      role.addToPolicy(new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: [`arn:aws:s3:::a-bucket-of-predictions-with-a-long-name-${index}/*`] }));
    }
    expect(Node.of(role).validate()).toEqual([expect.stringContaining('IAM allows 10240')]);
  });

  test('and those that it would take do not', () => expect(() => Template.fromStack(aliases(20))).not.toThrow());
});
