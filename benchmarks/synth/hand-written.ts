import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Aws, CfnResource, type Stack } from 'aws-cdk-lib/core';
import { assetPath } from '../../lib/package/assets';

/** The same resources from L1 constructs, as somebody would write them for this one purpose: nothing is checked, nothing can vary. */
export function handWritten(stack: Stack, endpoints: number): void {
  const table = new dynamodb.CfnTable(stack, 'Routes', {
    keySchema: [{ attributeName: 'alias', keyType: 'HASH' }],
    attributeDefinitions: [{ attributeName: 'alias', attributeType: 'S' }],
    billingMode: 'PAY_PER_REQUEST',
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
  });
  const gateCode = new Asset(stack, 'GateCode', { path: assetPath('gate') });
  const routerCode = new Asset(stack, 'RouterCode', { path: assetPath('router') });
  const gate = fn(
    stack,
    'Gate',
    { memorySize: 256, timeout: 900, code: { s3Bucket: gateCode.s3BucketName, s3Key: gateCode.s3ObjectKey } },
  );
  const gatePolicy = policy(stack, 'GatePolicy', gate.role, [
    allow(['dynamodb:DeleteItem', 'dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Scan'], table.attrArn),
    allow(['cloudformation:DescribeStacks'], Aws.STACK_ID),
  ]);
  const gateEvents = new lambda.CfnEventInvokeConfig(stack, 'GateEvents', {
    functionName: gate.fn.ref, qualifier: '$LATEST', maximumEventAgeInSeconds: 180, maximumRetryAttempts: 2,
  });
  const apiRole = new iam.CfnRole(stack, 'ApiRole', {
    assumeRolePolicyDocument: trust('apigateway.amazonaws.com'),
    managedPolicyArns: [`arn:${Aws.PARTITION}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs`],
  });
  const account = new apigateway.CfnAccount(stack, 'ApiAccount', { cloudWatchRoleArn: apiRole.attrArn });

  for (let i = 0; i < endpoints; i++) {
    const name = `${stack.stackName}-Endpoint${i}`;
    const id = (part: string): string => `Endpoint${i}${part}`;
    const router = fn(
      stack, id('Router'), { memorySize: 1024, timeout: 30, code: { s3Bucket: routerCode.s3BucketName, s3Key: routerCode.s3ObjectKey } },
      { MODEL_ROLLOUT_TABLE: table.ref, MODEL_ROLLOUT_ENDPOINT: name, MODEL_ROLLOUT_TIMEOUT_MS: '28500' },
    );
    const routes = policy(stack, id('Routes'), router.role, [{
      ...allow(['dynamodb:GetItem'], table.attrArn),
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${name}/*`] } },
    }]);
    const probe = policy(stack, id('Probe'), gate.role, [allow(['lambda:InvokeFunction'], router.fn.attrArn)]);
    const owned = new CfnResource(stack, id('Name'), {
      type: 'Custom::ModelRolloutName',
      properties: { ServiceToken: gate.fn.attrArn, ServiceTimeout: '140', Table: table.ref, Endpoint: name, Routes: id('Route') },
    });
    for (const first of [gatePolicy, gateEvents, routes]) {
      owned.addResourceDependency(first);
    }
    const model = fn(
      stack,
      id('Model'),
      { memorySize: 1024, timeout: 29, code: { zipFile: 'exports.handler = async (event) => event;' } },
    );
    const invoke = policy(stack, id('Invoke'), router.role, [allow(['lambda:InvokeFunction'], model.fn.attrArn)]);
    api(stack, id, name, router.fn, account);
    const route = new CfnResource(stack, id('Route'), {
      type: 'Custom::ModelRolloutRoute',
      properties: {
        ServiceToken: gate.fn.attrArn,
        ServiceTimeout: '214',
        Alias: `${name}/live`,
        Table: table.ref,
        RouterFunction: router.fn.attrArn,
        DrainSeconds: '34',
        Route: stack.toJsonString({
          schema: 1,
          variants: [{
            name: 'production', role: 'production', version: '0'.repeat(64), weight: 1, timeBudgetMs: 28_500,
            target: { kind: 'lambda', functionArn: model.fn.attrArn, contract: 'json', maxRequestBytes: 6_291_456 },
          }],
          assignment: { source: 'inference-id' },
          targetVariantAccess: { kind: 'nobody' },
        }),
      },
    });
    for (const first of [gatePolicy, owned, probe, invoke, router.fn, model.fn]) {
      route.addResourceDependency(first);
    }
  }
}

function api(stack: Stack, id: (part: string) => string, name: string, router: lambda.CfnFunction, account: apigateway.CfnAccount): void {
  const log = new logs.CfnLogGroup(stack, id('AccessLog'), { retentionInDays: 30 });
  const restApi = new apigateway.CfnRestApi(stack, id('Api'), {
    name, description: `Model endpoint ${name}`, endpointConfiguration: { types: ['REGIONAL'] },
    binaryMediaTypes: ['application/octet-stream', 'application/x-npy', 'application/zip', 'audio/*', 'image/*', 'video/*'],
  });
  const alias = new apigateway.CfnResource(stack, id('Alias'), {
    restApiId: restApi.ref,
    parentId: restApi.attrRootResourceId,
    pathPart: '{alias}',
  });
  const invocations = new apigateway.CfnResource(stack, id('Invocations'), {
    restApiId: restApi.ref,
    parentId: alias.ref,
    pathPart: 'invocations',
  });
  const method = new apigateway.CfnMethod(stack, id('Post'), {
    restApiId: restApi.ref, resourceId: invocations.ref, httpMethod: 'POST', authorizationType: 'AWS_IAM',
    requestParameters: { 'method.request.path.alias': true },
    integration: {
      type: 'AWS_PROXY', integrationHttpMethod: 'POST', timeoutInMillis: 29_000,
      uri: `arn:${Aws.PARTITION}:apigateway:${Aws.REGION}:lambda:path/2015-03-31/functions/${router.attrArn}/invocations`,
    },
  });
  const template =
    '{"error":{"code":"$context.error.responseType","message":$context.error.messageString,"inferenceId":"$context.requestId"}}';
  const responses = ['DEFAULT_4XX', 'DEFAULT_5XX', 'THROTTLED'].map(
    (type) =>
      new apigateway.CfnGatewayResponse(stack, id(type.replace('_', '')), {
        restApiId: restApi.ref,
        responseType: type,
        responseTemplates: { 'application/json': template },
        responseParameters: type === 'THROTTLED' ? { 'gatewayresponse.header.Retry-After': "'1'" } : undefined,
      }),
  );
  const deployment = new apigateway.CfnDeployment(stack, id('Deployment'), { restApiId: restApi.ref });
  for (const first of [method, ...responses]) {
    deployment.addResourceDependency(first);
  }
  const stage = new apigateway.CfnStage(stack, id('Stage'), {
    restApiId: restApi.ref,
    deploymentId: deployment.ref,
    stageName: 'prod',
    accessLogSetting: {
      destinationArn: log.attrArn,
      format: JSON.stringify({ requestId: '$context.requestId', status: '$context.status' }),
    },
  });
  stage.addResourceDependency(account);
  new lambda.CfnPermission(stack, id('Permission'), {
    action: 'lambda:InvokeFunction', functionName: router.attrArn, principal: 'apigateway.amazonaws.com',
    sourceArn: `arn:${Aws.PARTITION}:execute-api:${Aws.REGION}:${Aws.ACCOUNT_ID}:${restApi.ref}/${stage.ref}/POST/*/invocations`,
  });
}

function fn(
  stack: Stack,
  id: string,
  { memorySize, timeout, code }: Pick<lambda.CfnFunctionProps, 'memorySize' | 'timeout' | 'code'>,
  variables: { [name: string]: string } = {},
): { fn: lambda.CfnFunction; role: iam.CfnRole } {
  const log = new logs.CfnLogGroup(stack, `${id}Log`, { retentionInDays: 30 });
  const role = new iam.CfnRole(stack, `${id}Role`, {
    assumeRolePolicyDocument: trust('lambda.amazonaws.com'),
    policies: [
      {
        policyName: 'Function',
        policyDocument: {
          Version: '2012-10-17',
          Statement: [allow(['logs:CreateLogStream', 'logs:PutLogEvents'], log.attrArn)],
        },
      },
    ],
  });
  return {
    role,
    fn: new lambda.CfnFunction(stack, id, {
      code,
      memorySize,
      timeout,
      handler: 'index.handler',
      runtime: 'nodejs24.x',
      role: role.attrArn,
      environment: { variables },
      loggingConfig: { logGroup: log.ref },
    }),
  };
}

function policy(stack: Stack, id: string, role: iam.CfnRole, statements: object[]): iam.CfnPolicy {
  return new iam.CfnPolicy(stack, id, {
    policyName: id, roles: [role.ref], policyDocument: { Version: '2012-10-17', Statement: statements },
  });
}

function allow(actions: string[], resource: string): object {
  return { Effect: 'Allow', Action: actions, Resource: resource };
}

function trust(service: string): object {
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }] };
}
