import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { BACKENDS, type TargetKind } from '../core/backends/backends';
import type { FunctionNetwork } from '../package/function-network';
import type { ModelEndpointProps } from './model-endpoint-props';
import { warn } from '../validate/warn';

type NetworkProps = Pick<ModelEndpointProps, 'vpc' | 'vpcSubnets' | 'securityGroups'>;

/** What is wrong with where the router is to be. */
export function networkProblems({ vpc, vpcSubnets, securityGroups }: NetworkProps): string[] {
  if (vpc === undefined) {
    return vpcSubnets === undefined && securityGroups === undefined
      ? []
      : ['vpcSubnets or securityGroups are given without a vpc; set vpc too'];
  }
  const { hasPublic, subnetIds } = vpc.selectSubnets(vpcSubnets);
  return [
    ...(hasPublic
      ? [
          'vpcSubnets has public subnets, in which a function has no way out; choose private ones, such as '
            + '{ subnetType: SubnetType.PRIVATE_WITH_EGRESS }',
        ]
      : []),
    ...(subnetIds.length === 0 ? ['vpcSubnets has no subnets; choose those from which the models can be reached'] : []),
    ...(securityGroups?.length === 0 ? ['securityGroups is empty; leave it out for one of the router\'s own'] : []),
  ];
}

/** Where the router is, and the mirrors, which ask models too; undefined outside any network of the user's. */
export function networkOf(scope: Construct, { vpc, vpcSubnets, securityGroups }: NetworkProps): FunctionNetwork | undefined {
  return vpc && {
    vpc,
    vpcSubnets,
    securityGroups: securityGroups ?? [
      new ec2.SecurityGroup(scope, 'RouterSecurityGroup', { vpc, description: 'Router and mirrors of a model endpoint' }),
    ],
  };
}

/** Say what has to be in a network without a way out. */
export function warnWithoutEgress(scope: Construct, network: FunctionNetwork, kinds: ReadonlySet<TargetKind>): void {
  const { vpc, vpcSubnets } = network;
  const isolated = new Set(vpc.isolatedSubnets.map(({ subnetId }) => subnetId));
  if (!vpc.selectSubnets(vpcSubnets).subnetIds.some((id) => isolated.has(id))) {
    return;
  }
  const services = new Set(['dynamodb', ...[...kinds].flatMap((kind) => BACKENDS[kind].services)]);
  warn(
    scope,
    'routerWithoutEgress',
    `the router is in subnets without a way out, so it reaches AWS only by VPC endpoints: have them for ${[...services].sort().join(', ')}`
      + `${services.has('lambda') ? '' : ', and lambda where requests are mirrored'}; or choose subnets with egress`,
  );
}
