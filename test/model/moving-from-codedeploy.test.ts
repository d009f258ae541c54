import * as codedeploy from 'aws-cdk-lib/aws-codedeploy';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Duration, NestedStack, Stack } from 'aws-cdk-lib/core';
import { CanaryRollout, Model, ModelEndpoint, TrafficShift } from '../../lib';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import { rehearse } from '../../rehearsal/engine/rehearse';
import { USUAL } from '../../lib/core/rehearsal/built-in';

/** The deployments of docs/moving-from-codedeploy.md. */
interface Deployment {
  readonly answer?: string;
  readonly endpoint: boolean;
  readonly alias: boolean;
}

function functionIn(stack: Stack, answer = 'as ever'): lambda.Function {
  return new lambda.Function(stack, 'Fraud', {
    code: lambda.Code.fromInline(`exports.handler = async () => ${JSON.stringify(answer)};`), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X,
  });
}

function deployed({ answer, endpoint, alias }: Deployment): Template {
  const stack = new Stack(new App(), 'Stack');
  const fraud = functionIn(stack, answer);
  if (alias) {
    new codedeploy.LambdaDeploymentGroup(stack, 'Group', {
      alias: new lambda.Alias(stack, 'Live', { aliasName: 'live', version: fraud.currentVersion }),
      deploymentConfig: codedeploy.LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
    });
  }
  if (endpoint) {
    const served = new ModelEndpoint(stack, 'Endpoint', { model: Model.fromFunction(fraud.currentVersion) });
    new CanaryRollout(stack, 'Rollout', {
      endpoint: served, shift: TrafficShift.canary({ stepPercent: 10, stepBakeTime: Duration.minutes(5) }),
    });
  }
  return Template.fromStack(stack);
}

const versions = (template: Template): string[] => Object.keys(template.findResources('AWS::Lambda::Version'));
const route = (template: Template): string => {
  const [{ Properties: properties }] = Object.values(template.findResources('Custom::ModelRolloutRoute'));
  return JSON.stringify(properties.Route);
};
const aliasServes = (template: Template): string =>
  Object.values(template.findResources('AWS::Lambda::Alias'))[0].Properties.FunctionVersion['Fn::GetAtt'][0];

describe('moving a function from CodeDeploy', () => {
  test('puts an endpoint beside the alias that serves the same version, and changes nothing that was there', () => {
    const before = deployed({ alias: true, endpoint: false });
    const beside = deployed({ alias: true, endpoint: true });
    expect(versions(beside)).toEqual(versions(before));
    expect(route(beside)).toContain(aliasServes(beside));
    expect(beside.toJSON().Resources).toMatchObject(before.toJSON().Resources);
  });

  test('takes alias and deployment group away without a rollout', () => {
    const beside = deployed({ alias: true, endpoint: true });
    const moved = deployed({ alias: false, endpoint: true });
    expect(versions(moved)).toEqual(versions(beside));
    expect(route(moved)).toBe(route(beside));
  });

  test('makes every change of the function a rollout, and the change back the version that was there', () => {
    const moved = deployed({ alias: false, endpoint: true });
    const changed = deployed({ alias: false, endpoint: true, answer: 'otherwise' });
    expect(versions(changed)).not.toEqual(versions(moved));
    expect(route(changed)).not.toBe(route(moved));
    expect(route(deployed({ alias: false, endpoint: true }))).toBe(route(moved));
  });

  test('has a plan that promotes a healthy version at ten requests a second', async () => {
    const [rollout] = rolloutsOf('Stack', deployed({ alias: false, endpoint: true }).toJSON());
    expect((await rehearse(rollout, USUAL, { seed: 1 })).verdict).toBe('promoted');
  });

  test('fails with the alias itself, which changes in place', () => {
    const stack = new Stack(new App(), 'Stack');
    const alias = new lambda.Alias(stack, 'Live', { aliasName: 'live', version: functionIn(stack).currentVersion });
    expect(() => new ModelEndpoint(stack, 'Endpoint', { model: Model.fromFunction(alias) }))
      .toThrow(/is Stack\/Live\/Resource, an AWS::Lambda::Alias that this app changes in place.*give the version that it is an alias of/);
  });
});

describe('the current version of a function', () => {
  test('of another stack fails: CloudFormation would refuse its next change', () => {
    const app = new App();
    const fraud = functionIn(new Stack(app, 'Functions'));
    expect(() => new ModelEndpoint(new Stack(app, 'Endpoints'), 'Endpoint', { model: Model.fromFunction(fraud.currentVersion) }))
      .toThrow(/is the current version of a function in stack "Functions".*that stack "Endpoints" imports; define function and endpoint in one stack/);
  });

  test('of a nested stack, which gets it as a parameter, is a model', () => {
    const stack = new Stack(new App(), 'Stack');
    new ModelEndpoint(new NestedStack(stack, 'Nested'), 'Endpoint', { model: Model.fromFunction(functionIn(stack).currentVersion) });
    Template.fromStack(stack).resourceCountIs('AWS::Lambda::Version', 1);
  });

  test('of another stack is a model where it is a version of its own, which does not change with the function', () => {
    const app = new App();
    const kept = new lambda.Version(new Stack(app, 'Functions'), 'V7', { lambda: functionIn(app.node.findChild('Functions') as Stack) });
    expect(() => new ModelEndpoint(new Stack(app, 'Endpoints'), 'Endpoint', { model: Model.fromFunction(kept) })).not.toThrow();
  });
});
