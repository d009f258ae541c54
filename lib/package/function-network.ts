import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { acknowledge } from './acknowledge';

/** A network in which a function of the package runs. */
export interface FunctionNetwork {
  readonly vpc: ec2.IVpc;
  readonly vpcSubnets?: ec2.SubnetSelection;
  readonly securityGroups: ec2.ISecurityGroup[];
}

/** What AWSLambdaVPCAccessExecutionRole grants, without its permission to write anybody's logs. */
export function networkStatement(): iam.PolicyStatement {
  return new iam.PolicyStatement({
    actions: [
      'ec2:AssignPrivateIpAddresses', 'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets', 'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
  });
}

/** Why that knows no resources. On the role's own resource only: what users put below it must stay visible. */
export function acknowledgeNetwork(role: IConstruct): void {
  acknowledge(role.node.defaultChild!, {
    'AwsSolutions-IAM5[Resource::*]': 'Lambda makes the network interfaces, under ids that nobody knows before',
  });
}
