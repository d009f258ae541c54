import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { App, Duration, Stack } from 'aws-cdk-lib/core';
import { EvidenceHook, type EvidenceHookProps, InconclusiveAction } from '../../lib';
import { targetGroups } from '../fixtures/target-groups';

const hooked = (props: Partial<EvidenceHookProps> = {}): Template => {
  const stack = new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['eu-west-1a'], privateSubnetIds: ['subnet-1'] });
  const cluster = ecs.Cluster.fromClusterAttributes(stack, 'Cluster', { clusterName: 'shop', vpc });
  const hook = new EvidenceHook(stack, 'Judge', { cluster, ...targetGroups(stack), ...props });
  const task = new ecs.FargateTaskDefinition(stack, 'Task');
  task.addContainer('Model', { image: ecs.ContainerImage.fromRegistry('model') });
  new ecs.FargateService(stack, 'Service', { cluster, taskDefinition: task, minHealthyPercent: 100, deploymentStrategy: ecs.DeploymentStrategy.CANARY })
    .addLifecycleHook(hook.target);
  return Template.fromStack(stack);
};

test('the service asks the hook before each step of its traffic', () => {
  hooked().hasResourceProperties('AWS::ECS::Service', { DeploymentConfiguration: Match.objectLike({
    Strategy: 'CANARY',
    LifecycleHooks: [{ HookTargetArn: Match.anyValue(), RoleArn: Match.anyValue(), LifecycleStages: ['PRE_PRODUCTION_TRAFFIC_SHIFT'] }],
  }) });
});

test('the function is told both target groups as their metrics name them, and all that was chosen', () => {
  const template = hooked({
    slowerThan: Duration.millis(800), minRequests: 200, inconclusiveAfter: Duration.hours(2), inconclusive: InconclusiveAction.ADVANCE,
  });
  const [{ Properties: { Environment: { Variables: variables } } }] = Object.values(template.findResources('AWS::Lambda::Function'));
  const group = (name: string): object => ({
    arn: `arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/${name}/0123456789abcdef`,
    dimensions: { LoadBalancer: 'app/shop/0123456789abcdef', TargetGroup: `targetgroup/${name}/0123456789abcdef` },
  });
  expect(JSON.parse(variables.MODEL_ROLLOUT_HOOK)).toEqual({
    schema: 1, targetGroups: [group('blue'), group('green')], slowerThanSeconds: 0.8, alpha: 0.01, minimumRequests: 200, waitSeconds: 7_200, inconclusive: 'advance',
  });
});

test('it may read metrics, and deployments of the cluster', () => {
  const policies = JSON.stringify(hooked().findResources('AWS::IAM::Role'));
  for (const resource of ['service', 'service-deployment', 'service-revision']) {
    expect(policies).toContain(`:ecs:eu-west-1:111111111111:${resource}/shop/*`);
  }
});

test('everything that is wrong is told at synthesis', () => {
  const groups = targetGroups(new Stack(new App(), 'Other'));
  expect(() => hooked({
    targetGroup: groups.targetGroup, alternateTargetGroup: groups.targetGroup, slowerThan: Duration.hours(2), falseRollbackRate: 0.9,
    minRequests: 0, inconclusiveAfter: Duration.days(2), inconclusive: InconclusiveAction.HOLD,
  })).toThrow(/6 problems:[^]*are the same[^]*slowerThan[^]*falseRollbackRate[^]*minRequests[^]*inconclusiveAfter[^]*cannot wait for people/);
});
