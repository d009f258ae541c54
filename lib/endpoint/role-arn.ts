import type * as iam from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';

/** A role as routers know it of a caller: a session's ARN has lost the path of its role, so the role is known by account and name. */
export function roleArn(scope: IConstruct, role: iam.IRole): string {
  return Stack.of(scope).formatArn({
    service: 'iam', region: '', account: role.env.account, resource: 'role', resourceName: role.roleName,
  });
}
