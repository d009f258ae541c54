import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { readable } from '../validate/readable';
import { warn } from '../validate/warn';

// What a key's services and their callers must be allowed, as each service documents it. Callers get it by policies of their roles, which a
// key obeys that trusts its account, as keys of the CDK and of the console do.

/** CloudWatch Logs uses a key by itself, which only the key's own policy can allow. */
export function admitLogs(scope: Construct, key: kms.IKey): void {
  const stack = Stack.of(scope);
  admit(scope, key, {
    service: `logs.${stack.region}.${stack.urlSuffix}`,
    actions: [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ],
    operator: 'ArnLike',
    condition: 'kms:EncryptionContext:aws:logs:arn',
    value: stack.formatArn({ service: 'logs', resource: 'log-group', resourceName: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME }),
  });
}

/** The log of a state machine with a key is delivered by a service of its own, and names the logs of the account for it. */
export function admitLogDelivery(scope: Construct, key: kms.IKey): iam.PolicyStatement {
  const [operator, condition] = ['StringEquals', 'kms:EncryptionContext:SourceArn'];
  const value = Stack.of(scope).formatArn({ service: 'logs', resource: '*', arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  admit(scope, key, { service: 'delivery.logs.amazonaws.com', actions: ['kms:Decrypt'], operator, condition, value });
  return new iam.PolicyStatement({
    actions: ['kms:GenerateDataKey'],
    resources: [key.keyArn],
    conditions: { [operator]: { [condition]: value } },
  });
}

/** For the role of a function whose variables are encrypted. */
export function inEnvironment(scope: Construct, key: kms.IKey | undefined): iam.PolicyStatement[] {
  const functions = Stack.of(scope).formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  return key === undefined
    ? []
    : [
        new iam.PolicyStatement({
          actions: ['kms:Decrypt'],
          resources: [key.keyArn],
          conditions: { ArnLike: { 'kms:EncryptionContext:aws:lambda:FunctionArn': functions } },
        }),
      ];
}

/** For whoever reads and writes tables: DynamoDB uses their key with the caller's permission. */
export function inTables(scope: Construct, key: kms.IKey | undefined): iam.PolicyStatement[] {
  return through(scope, key, 'dynamodb', ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey']);
}

/** For whoever does this with objects of a bucket. */
export function inBucket(scope: Construct, key: kms.IKey | undefined, action: 'read' | 'write'): iam.PolicyStatement[] {
  return through(scope, key, 's3', action === 'read' ? ['kms:Decrypt'] : ['kms:GenerateDataKey']);
}

/** For a state machine's role, and for whoever starts executions. */
export function inExecutions(key: kms.IKey | undefined, machineArn: string): iam.PolicyStatement[] {
  return key === undefined
    ? []
    : [
        new iam.PolicyStatement({
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: [key.keyArn],
          conditions: { StringEquals: { 'kms:EncryptionContext:aws:states:stateMachineArn': machineArn } },
        }),
      ];
}

/** One policy of a role serves all tables with the key: a role has room for few. */
export function admitToTables(role: iam.IRole, key: kms.IKey): iam.Policy {
  const id = `DynamoDb-${key.node.addr.slice(-12)}`;
  return (
    (role.node.tryFindChild(id) as iam.Policy | undefined) ?? new iam.Policy(role, id, { roles: [role], statements: inTables(role, key) })
  );
}

function through(scope: Construct, key: kms.IKey | undefined, service: string, actions: string[]): iam.PolicyStatement[] {
  return key === undefined
    ? []
    : [
        new iam.PolicyStatement({
          actions,
          resources: [key.keyArn],
          conditions: { StringLike: { 'kms:ViaService': `${service}.${Stack.of(scope).region}.amazonaws.com*` } },
        }),
      ];
}

interface ServiceUse {
  readonly service: string;
  readonly actions: readonly string[];
  readonly operator: string;
  readonly condition: string;
  readonly value: string;
}

/** Add to the key's own policy, or say what must be in it where it is not ours to change. */
function admit(scope: Construct, key: kms.IKey, { service, actions, operator, condition, value }: ServiceUse): void {
  const statement = new iam.PolicyStatement({
    principals: [new iam.ServicePrincipal(service)],
    actions: [...actions],
    resources: ['*'],
    conditions: { [operator]: { [condition]: value } },
  });
  if (!key.addToResourcePolicy(statement, true).statementAdded) {
    warn(
      scope,
      'keyPolicy',
      `encryptionKey ${readable(scope, key.keyArn)} is imported, so that its policy is not changed here: it must let `
        + `${readable(scope, service)} do ${actions.join(', ')} where ` +
        `${condition} is ${readable(scope, value)}, or the deployment fails; acknowledge this once it does`,
    );
  }
}
