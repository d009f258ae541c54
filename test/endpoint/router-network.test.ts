import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { Model, ModelEndpoint, type ModelEndpointProps, ShadowMirror } from '../../lib';
import { inline, statementsOf } from '../fixtures/stacks';

const stackOf = (): Stack => new Stack(new App(), 'Private', { env: { account: '111111111111', region: 'eu-west-1' } });
const model = Model.http({ url: 'http://models.internal:8080/v1/score', plaintext: true });
const vpcOf = (stack: Stack, subnetType = ec2.SubnetType.PRIVATE_WITH_EGRESS): ec2.Vpc => new ec2.Vpc(stack, 'Vpc', {
  natGateways: subnetType === ec2.SubnetType.PRIVATE_ISOLATED ? 0 : 1,
  subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }, { name: 'Own', subnetType }],
});
const endpointOf = (stack: Stack, props: Partial<ModelEndpointProps>): ModelEndpoint => new ModelEndpoint(stack, 'Fraud', { model, ...props });
const WARNING = Match.stringLikeRegexp('the router is in subnets without a way out');

test('what asks models is in the network, and nothing else', () => {
  const stack = stackOf();
  const endpoint = endpointOf(stack, { vpc: vpcOf(stack) });
  new ShadowMirror(stack, 'Mirror', { endpoint, model: inline('v2') });
  const template = Template.fromStack(stack);
  const inside = Object.entries(template.findResources('AWS::Lambda::Function')).filter(([, { Properties: properties }]) => (properties as { VpcConfig?: object }).VpcConfig !== undefined);
  expect(inside.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual(['FraudRouterFunction', 'MirrorFunction']);
  type Inside = { readonly VpcConfig: { readonly SecurityGroupIds: unknown } };
  const groups = inside.map(([, { Properties: properties }]) => (properties as Inside).VpcConfig.SecurityGroupIds);
  expect(groups[0]).toEqual(groups[1]);
  template.resourceCountIs('AWS::EC2::SecurityGroup', 1);
  Annotations.fromStack(stack).hasNoWarning('*', WARNING);
});

test('its roles may make network interfaces, and attach no policy of AWS\'s', () => {
  const stack = stackOf();
  endpointOf(stack, { vpc: vpcOf(stack) });
  const template = Template.fromStack(stack);
  const role = Object.entries(template.findResources('AWS::IAM::Role')).find(([id]) => id.startsWith('FraudRouterFunctionRole'))![1].Properties as { readonly [name: string]: unknown };
  expect(JSON.stringify(role.Policies)).toContain('ec2:CreateNetworkInterface');
  expect(role.ManagedPolicyArns).toBeUndefined();
  expect(JSON.stringify(statementsOf(template, 'FraudRouter'))).not.toContain('ec2:*');
});

test('a model server lets the endpoint in by its connections', () => {
  const stack = stackOf();
  const vpc = vpcOf(stack);
  const server = new ec2.SecurityGroup(stack, 'Server', { vpc });
  server.connections.allowFrom(endpointOf(stack, { vpc }), ec2.Port.tcp(8080));
  Template.fromStack(stack).hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
    FromPort: 8080, SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^FraudRouterSecurityGroup'), 'GroupId'] },
  });
});

test('a group of one\'s own takes the place of the router\'s', () => {
  const stack = stackOf();
  const vpc = vpcOf(stack);
  const group = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-00000001');
  expect(endpointOf(stack, { vpc, securityGroups: [group] }).connections.securityGroups).toEqual([group]);
  Template.fromStack(stack).resourceCountIs('AWS::EC2::SecurityGroup', 0);
});

test.each<[string, Model, string]>([
  ['a server elsewhere', model, 'dynamodb, secretsmanager, and lambda'], ['a function', inline('v1'), 'dynamodb, lambda; or'],
  ['a model of Bedrock', Model.bedrock({ modelId: 'amazon.nova-lite-v1:0' }), 'bedrock-runtime, dynamodb, and lambda'],
])('subnets without a way out need VPC endpoints, which a warning names: %s', (_, of, services) => {
  const stack = stackOf();
  const subnetType = ec2.SubnetType.PRIVATE_ISOLATED;
  endpointOf(stack, { model: of, vpc: vpcOf(stack, subnetType), vpcSubnets: { subnetType } });
  Annotations.fromStack(stack).hasWarning('/Private/Fraud', Match.stringLikeRegexp(`have them for ${services}`));
});

test.each<[string, (stack: Stack) => Partial<ModelEndpointProps>, RegExp]>([
  ['public subnets', (stack) => ({ vpc: vpcOf(stack), vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }), /vpcSubnets has public subnets, in which a function has no way out; choose private ones/],
  ['no groups', (stack) => ({ vpc: vpcOf(stack), securityGroups: [] }), /securityGroups is empty; leave it out/],
  ['subnets of no network', () => ({ vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }), /given without a vpc; set vpc too/],
])('%s are refused', (_, props, message) => {
  const stack = stackOf();
  expect(() => endpointOf(stack, props(stack))).toThrow(message);
});

test('an endpoint outside any network has no connections', () => {
  expect(() => endpointOf(stackOf(), {}).connections).toThrow(/its router is in no network of yours; set vpc/);
});
