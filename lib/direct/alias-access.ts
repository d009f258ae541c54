import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Aws, Stack } from 'aws-cdk-lib/core';
import type { Construct, IDependable } from 'constructs';
import type { ControlPlane } from '../control-plane/control-plane';
import type { RolloutControl } from '../control-plane/rollout-control';
import type { DirectAlias } from '../core/routing/direct-alias';

/** Who moves an alias. */
export interface AliasAccess {
  /** Role of the schedule that puts it back. */
  readonly role: iam.IRole;
  /** What must be there before the alias is moved, and until it is gone. */
  readonly policies: readonly IDependable[];
}

/** Let gate, controller and abort function move one alias, and a schedule put it back. */
export function admitAlias(
  scope: Construct,
  { handler, direct, control, controlPlane }: {
    readonly handler: lambda.Function;
    readonly direct: Pick<DirectAlias, 'aliasName' | 'schedule'>;
    readonly control: RolloutControl;
    readonly controlPlane: ControlPlane;
  },
): AliasAccess {
  const stack = Stack.of(scope);
  const aliases = [handler.functionArn, `${handler.functionArn}:${direct.aliasName}`];
  const group = stack.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: 'default' });
  const schedule = stack.formatArn({ service: 'scheduler', resource: 'schedule', resourceName: `default/${direct.schedule}` });
  const on = (actions: string[]): iam.PolicyStatement => new iam.PolicyStatement({ actions, resources: aliases });
  const leases = (actions: string[]): iam.PolicyStatement => new iam.PolicyStatement({ actions, resources: [schedule] });
  const role = new iam.Role(scope, 'Lease', {
    description: `Puts alias ${direct.aliasName} back on production when nobody renews the candidate's share`,
    assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID, 'aws:SourceArn': group } },
    }),
    inlinePolicies: { Alias: new iam.PolicyDocument({ statements: [on(['lambda:UpdateAlias'])] }) },
  });
  const policies = [
    controlPlane.admitGate(scope, [
      on(['lambda:CreateAlias', 'lambda:DeleteAlias', 'lambda:GetAlias', 'lambda:UpdateAlias']), leases(['scheduler:DeleteSchedule']),
    ]),
    new iam.Policy(scope, 'Move', {
      roles: [control.controller.role],
      statements: [
        on(['lambda:GetAlias', 'lambda:UpdateAlias']),
        leases(['scheduler:CreateSchedule', 'scheduler:DeleteSchedule', 'scheduler:UpdateSchedule']),
        new iam.PolicyStatement({
          actions: ['iam:PassRole'], resources: [role.roleArn],
          conditions: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
        }),
      ],
    }),
    new iam.Policy(scope, 'PutBack', {
      roles: [control.abort.role],
      statements: [on(['lambda:GetAlias', 'lambda:UpdateAlias']), leases(['scheduler:DeleteSchedule'])],
    }),
  ];
  return { role, policies: [role, ...policies] };
}
