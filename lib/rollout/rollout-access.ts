import * as iam from 'aws-cdk-lib/aws-iam';
import { Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { RolloutControl } from '../control-plane/rollout-control';
import { acknowledge, wildcardFinding } from '../package/acknowledge';
import type { JudgedBy } from './rollout-guardrails';
import type { RolloutTerms } from './rollout-terms';
import type { RolloutReplay } from './rollout-replay';

/** Whom the controller meets in a rollout. */
interface Met {
  /** Whom it asks about the candidate: the router, or the candidate itself where there is none. */
  readonly asked: string;
  readonly aliasKey: string;
  readonly control: RolloutControl;
  readonly judged: Pick<JudgedBy, 'guardrails'>;
  readonly replay?: RolloutReplay;
  /** ARN of the package that is told of the end. */
  readonly modelPackage?: string;
}

/** Let the controller use what it needs of others for this rollout, and goes with it. Returns the ARNs of the change calendars. */
export function allowController(scope: Construct, options: RolloutTerms, met: Met): string[] {
  const { asked, aliasKey, control, judged, replay, modelPackage } = met;
  const { hooks = [], notifications, evidence } = options;
  const calendars = calendarArns(scope, options);
  const statement = (actions: string[], resources: string[]): iam.PolicyStatement[] =>
    resources.length === 0 ? [] : [new iam.PolicyStatement({ actions, resources })];
  const handlers = [
    ...hooks.map(({ handler }) => handler),
    ...judged.guardrails.flatMap(({ handler }) => handler ?? []),
    ...(replay?.handler === undefined ? [] : [replay.handler]),
  ];
  const functions = [asked, ...new Set(handlers.map(({ functionArn }) => functionArn))];
  const writing = evidence?._writing(aliasKey);
  const policy = new iam.Policy(scope, 'Control', {
    roles: [control.controller.role],
    statements: [
      ...statement(['lambda:InvokeFunction'], functions),
      ...statement(['ssm:GetCalendarState'], calendars),
      ...statement(['sns:Publish'], notifications === undefined ? [] : [notifications.topicArn]),
      ...statement(
        ['kms:Decrypt', 'kms:GenerateDataKey'],
        notifications?.masterKey === undefined ? [] : [notifications.masterKey.keyArn],
      ),
      ...(replay?.bound.statements ?? []),
      ...(writing?.statements ?? []),
      ...statement(['sagemaker:DescribeModelPackage', 'sagemaker:UpdateModelPackage'], modelPackage === undefined ? [] : [modelPackage]),
    ],
  });
  acknowledge(
    policy,
    Object.fromEntries(
      Object.entries({
        ...replay?.bound.wildcards,
        ...(writing === undefined ? {} : { [writing.wildcard]: 'every decision of the alias is an object, named by its hash' }),
      }).map(([arn, reason]) => [wildcardFinding(scope, arn), reason]),
    ),
  );
  return calendars;
}

/** Change calendars may be given by name or by ARN. */
function calendarArns(scope: Construct, options: RolloutTerms): string[] {
  return (options.changeCalendars ?? []).map((calendar) => {
    const name = calendar.documentRef.documentName;
    return !Token.isUnresolved(name) && name.startsWith('arn:')
      ? name
      : Stack.of(scope).formatArn({
          service: 'ssm',
          account: calendar.env.account,
          region: calendar.env.region,
          resource: 'document',
          resourceName: name,
        });
  });
}
