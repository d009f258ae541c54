import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App, Duration, Lazy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import {
  type AliasOptions,
  Assignment,
  CanaryRollout,
  Cohort,
  EndpointAuth, FinishReason,
  Model,
  ModelEndpoint,
  ModelImage,
  type ModelEndpointProps,
  TargetVariantAccess,
} from '../../lib';
import { FinishReason as Reason } from '../../lib/core/generation/finish-reason';
import { finishedMetric, Metric } from '../../lib/core/names';
import type { DeclaredRoute } from '../../lib/core/routing/route';

function inline(text: string, props: Partial<Parameters<typeof Model.lambdaFunction>[0]> = {}): Model {
  return Model.lambdaFunction({ code: lambda.Code.fromInline(text), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, ...props });
}

function newStack(): Stack {
  return new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });
}

function endpointWith(props: ModelEndpointProps, stack: Stack = newStack()): { stack: Stack; endpoint: ModelEndpoint; template: Template } {
  const endpoint = new ModelEndpoint(stack, 'Fraud', props);
  return { stack, endpoint, template: Template.fromStack(stack) };
}

/** The declared route of an alias, with references made readable. */
function routeOf(template: Template, alias = 'live'): DeclaredRoute {
  const routes = Object.values(template.findResources('Custom::ModelRolloutRoute')) as { Properties: { Alias: string; Route: unknown } }[];
  const { Route: route } = routes.find((r) => r.Properties.Alias.endsWith(`/${alias}`))!.Properties;
  const text = typeof route === 'string'
    ? route
    : (route as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1]
      .map((part) => (typeof part === 'string' ? part : JSON.stringify(part).replaceAll('"', "'")))
      .join('');
  return JSON.parse(text) as DeclaredRoute;
}

const failing = (props: ModelEndpointProps): string => {
  try {
    new ModelEndpoint(newStack(), 'Fraud', props);
  } catch (error) {
    return (error as Error).message;
  }
  return '';
};

describe('defaults', () => {
  const { template, endpoint } = endpointWith({ model: inline('v1') });

  test('callers must sign with AWS credentials', () => {
    template.hasResourceProperties('AWS::ApiGateway::Method', { HttpMethod: 'POST', AuthorizationType: 'AWS_IAM' });
  });

  test('the address is /live/invocations of a regional API', () => {
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { EndpointConfiguration: { Types: ['REGIONAL'] } });
    template.hasResourceProperties('AWS::ApiGateway::Resource', { PathPart: '{alias}' });
    expect(JSON.stringify(Stack.of(endpoint).resolve(endpoint.url))).toContain('/live/invocations');
  });

  test('one production variant gets everything', () => {
    expect(routeOf(template)).toMatchObject({
      schema: 1,
      variants: [{ name: 'production', role: 'production', weight: 1, timeBudgetMs: 28_500, target: { kind: 'lambda', contract: 'json' } }],
      assignment: { source: 'inference-id' },
      targetVariantAccess: { kind: 'nobody' },
    });
  });

  test('the router may read its own records, call its version, write its log, and nothing else', () => {
    type Policy = { PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown; Condition?: unknown }[] } };
    const [role] = Object.entries(template.findResources('AWS::IAM::Role')).flatMap(([id, found]) => (id.startsWith('FraudRouter') ? [found] : []));
    const attached = Object.values(template.findResources('AWS::IAM::Policy'))
      .flatMap(({ Properties: properties }) => (JSON.stringify(properties.Roles).includes('FraudRouter') ? [properties as Policy] : []));
    const actions = [...(role.Properties.Policies as Policy[]), ...attached].flatMap((policy) => policy.PolicyDocument.Statement);
    expect(role.Properties.ManagedPolicyArns).toBeUndefined();
    expect(actions.flatMap((s) => s.Action).sort()).toEqual([
      'dynamodb:GetItem', 'lambda:InvokeFunction', 'logs:CreateLogStream', 'logs:PutLogEvents',
    ]);
    expect(JSON.stringify(actions.map((s) => s.Resource))).not.toContain('"*"');
    expect(actions.find((s) => s.Action === 'dynamodb:GetItem')!.Condition).toEqual({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [`${endpoint.endpointName}/*`] },
    });
  });

  test('the versions\' permission names them and nothing else; they wait for it, and the route for them', () => {
    const policies = template.findResources('AWS::IAM::Policy', {
      Properties: { PolicyDocument: { Statement: [{ Action: 'lambda:InvokeFunction' }] } },
    });
    const own = Object.keys(policies).filter((id) => id.startsWith('FraudVersionsInvoke'));
    expect(own).toHaveLength(1);
    const [[version, { Properties: { FunctionName: name } }]] = Object.entries(template.findResources('AWS::Lambda::Function', { DependsOn: Match.arrayWith(own) }));
    expect(JSON.stringify(policies[own[0]].Properties)).toContain(`:function:${(name as string).slice(0, -12)}*"`);
    expect(name).toMatch(/^stack-fraud-versions-.*-[0-9a-f]{8}-[0-9a-f]{12}$/);
    template.hasResource('Custom::ModelRolloutRoute', { DependsOn: Match.arrayWith([version]) });
  });

  test('errors of API Gateway have the shape of the router\'s', () => {
    template.hasResourceProperties('AWS::ApiGateway::GatewayResponse', {
      ResponseType: 'THROTTLED', ResponseParameters: { 'gatewayresponse.header.Retry-After': "'1'" },
    });
    const [response] = Object.values(template.findResources('AWS::ApiGateway::GatewayResponse'));
    expect(response.Properties.ResponseTemplates['application/json']).toBe(
      '{"error":{"code":"$context.error.responseType","message":$context.error.messageString,"inferenceId":"$context.requestId"},"Message":$context.error.messageString}',
    );
  });

  test('the resources of an endpoint', () => {
    const types: { [type: string]: number } = {};
    for (const { Type: type } of Object.values(template.toJSON().Resources as { [id: string]: { Type: string } })) {
      types[type] = (types[type] ?? 0) + 1;
    }
    expect(types).toMatchSnapshot();
  });
});

describe('versions', () => {
  test('the same model gives the same template', () => {
    expect(endpointWith({ model: inline('v1') }).template.toJSON()).toEqual(endpointWith({ model: inline('v1') }).template.toJSON());
  });

  test('a changed model gives new resources under new names, and leaves all others alone', () => {
    const before = endpointWith({ model: inline('v1') }).template.toJSON().Resources as object;
    const after = endpointWith({ model: inline('v1', { memorySize: 2048 }) }).template.toJSON().Resources as object;
    const gone = Object.keys(before).filter((id) => !(id in after));
    const come = Object.keys(after).filter((id) => !(id in before));
    expect(gone).toHaveLength(3);
    expect(come).toHaveLength(3);
    expect([...gone, ...come].every((id) => id.startsWith('FraudVersionsLambda'))).toBe(true);
    const router = Object.keys(before).find((id) => id.startsWith('FraudRouterFunction') && id.includes('Function'))!;
    expect((after as never)[router]).toEqual((before as never)[router]);
  });

  test('aliases share a version with the same digest', () => {
    const model = inline('v1');
    const stack = newStack();
    const endpoint = new ModelEndpoint(stack, 'Fraud', { model });
    endpoint.addAlias('beta', { model });
    endpoint.addAlias('gamma', { model: inline('v1') });
    const template = Template.fromStack(stack);
    expect(Object.keys(template.findResources('AWS::Lambda::Function')).filter((id) => id.startsWith('FraudVersions'))).toHaveLength(1);
    expect(routeOf(template, 'beta').variants[0].version).toBe(routeOf(template, 'gamma').variants[0].version);
  });

  test('an alias that was added is an object: its address, its callers, and its name for whatever takes one', () => {
    const stack = newStack();
    const endpoint = new ModelEndpoint(stack, 'Fraud', { model: inline('v1') });
    const beta = endpoint.addAlias('beta', { model: inline('v2') });
    expect([beta.endpoint, beta.aliasName, beta.url]).toEqual([endpoint, 'beta', endpoint.urlFor('beta')]);
    const caller = new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
    beta.grantInvoke(caller);
    beta.grantSendFeedback(caller);
    const policies = JSON.stringify(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
    expect([policies.includes('/POST/beta/invocations'), policies.includes('/POST/beta/invocations-response-stream'), policies.includes('/POST/beta/feedback'), policies.includes('/POST/live/')])
      .toEqual([true, true, true, false]);
    expect(new CanaryRollout(stack, 'Rollout', { endpoint, alias: beta.aliasName })).toBeDefined();
  });

  test('two endpoints of a stack share one control plane', () => {
    const stack = newStack();
    new ModelEndpoint(stack, 'A', { model: inline('v1') });
    new ModelEndpoint(stack, 'B', { model: inline('v1') });
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    // Nor do they set API Gateway's role for the account twice.
    template.resourceCountIs('AWS::ApiGateway::Account', 1);
    const [account] = Object.keys(template.findResources('AWS::ApiGateway::Account'));
    template.allResources('AWS::ApiGateway::Stage', { DependsOn: Match.arrayWith([account]) });
  });
});

test('API Gateway\'s role for the account is left alone where somebody else takes care of it', () => {
  endpointWith({ model: inline('v1'), cloudWatchRole: false }).template.resourceCountIs('AWS::ApiGateway::Account', 0);
  endpointWith({ model: inline('v1'), accessLogs: false }).template.resourceCountIs('AWS::ApiGateway::Account', 0);
});

describe('splitting', () => {
  test('any real weights, the first variant is production, the others have half of the time', () => {
    const { template } = endpointWith({
      variants: [
        { name: 'v1', model: inline('v1'), weight: 99.9 },
        { name: 'v2', model: inline('v2'), weight: 0.1 },
        { name: 'v3', model: inline('v3'), weight: 0, timeBudget: Duration.seconds(3) },
      ],
      assignment: Assignment.header('X-User'),
      targetVariantAccess: TargetVariantAccess.claim('scope', 'tester'),
      timeout: Duration.seconds(29),
    });
    const route = routeOf(template);
    expect(route.variants.map(({ name, role, weight, timeBudgetMs }) => [name, role, weight, timeBudgetMs])).toEqual([
      ['v1', 'production', 99.9, 28_500], ['v2', 'candidate', 0.1, 28_250], ['v3', 'candidate', 0, 3_000],
    ]);
    expect(route.assignment).toEqual({ source: 'header', name: 'x-user' });
    expect(route.targetVariantAccess).toEqual({ kind: 'claim', name: 'scope', value: 'tester' });
  });
});

describe('authentication', () => {
  test('an API key comes with a usage plan', () => {
    const { template } = endpointWith({ model: inline('v1'), auth: EndpointAuth.apiKey({ throttle: { rateLimit: 5, burstLimit: 10 } }) });
    template.hasResourceProperties('AWS::ApiGateway::Method', { HttpMethod: 'POST', ApiKeyRequired: true });
    template.hasResourceProperties('AWS::ApiGateway::UsagePlan', { Throttle: { RateLimit: 5, BurstLimit: 10 } });
  });

  test('a JWT issuer is checked by a function of the package', () => {
    const { template } = endpointWith({ model: inline('v1'), auth: EndpointAuth.jwt({ issuer: 'https://id.example.com', audience: 'fraud' }) });
    template.hasResourceProperties('AWS::ApiGateway::Method', { HttpMethod: 'POST', AuthorizationType: 'CUSTOM' });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { MODEL_ROLLOUT_JWT_JWKS_URI: 'https://id.example.com/.well-known/jwks.json' } },
    });
  });

  test('a Cognito user pool, with scopes', () => {
    const stack = newStack();
    const pool = cognito.UserPool.fromUserPoolId(stack, 'Users', 'eu-west-1_abcdefghi');
    const { template } = endpointWith({ model: inline('v1'), auth: EndpointAuth.cognito([pool], ['fraud/invoke']) }, stack);
    template.hasResourceProperties('AWS::ApiGateway::Method', { AuthorizationType: 'COGNITO_USER_POOLS', AuthorizationScopes: ['fraud/invoke'] });
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', { Type: 'COGNITO_USER_POOLS' });
  });

  test('a function of the user\'s own', () => {
    const stack = newStack();
    const handler = lambda.Function.fromFunctionAttributes(stack, 'Authorizer', {
      functionArn: 'arn:aws:lambda:eu-west-1:111111111111:function:authorizer', sameEnvironment: true,
    });
    const { template } = endpointWith({ model: inline('v1'), auth: EndpointAuth.lambdaAuthorizer(handler) }, stack);
    template.hasResourceProperties('AWS::ApiGateway::Method', { HttpMethod: 'POST', AuthorizationType: 'CUSTOM' });
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', { Type: 'TOKEN' });
  });

  test('no authentication gives a warning', () => {
    const { stack } = endpointWith({ model: inline('v1'), auth: EndpointAuth.none() });
    Annotations.fromStack(stack).hasWarning('/Stack/Fraud', Match.stringLikeRegexp('anybody who knows the address'));
  });

  test('a grant is for exactly one alias', () => {
    const stack = newStack();
    const endpoint = new ModelEndpoint(stack, 'Fraud', { model: inline('v1') });
    const role = new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
    endpoint.grants.invoke(role, 'beta');
    const policies = Template.fromStack(stack).findResources('AWS::IAM::Policy', {
      Properties: { PolicyDocument: { Statement: [{ Action: 'execute-api:Invoke' }] } },
    });
    expect(JSON.stringify(policies)).toMatch(/\/POST\/beta\/invocations"/);
  });
});

describe('OpenAI\'s shape', () => {
  const keys = (stack: Stack): secretsmanager.ISecret => new secretsmanager.Secret(stack, 'Keys');
  const methodsOf = (template: Template): string[] => Object.values(template.findResources('AWS::ApiGateway::Method'))
    .map(({ Properties: { HttpMethod: method, AuthorizationType: type } }) => `${method} ${type}`).sort();

  test('is the same router at paths of its own, with the endpoint\'s authentication', () => {
    const { endpoint, template } = endpointWith({ model: inline('v1'), openAi: {} });
    expect(methodsOf(template)).toEqual(['GET AWS_IAM', 'GET AWS_IAM', 'POST AWS_IAM', 'POST AWS_IAM', 'POST AWS_IAM']);
    template.resourceCountIs('AWS::Lambda::Permission', 5);
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: Match.objectLike({ MODEL_ROLLOUT_OPEN_AI: '["live"]' }) } });
    expect(endpoint.stack.resolve(endpoint.openAiUrl)['Fn::Join'][1].at(-1)).toBe('/v1');
  });

  test('may have keys of its own, which a function reads from their secret', () => {
    const stack = newStack();
    const { template } = endpointWith({ model: inline('v1'), openAi: { auth: EndpointAuth.bearerKeys(keys(stack)) } }, stack);
    expect(methodsOf(template)).toEqual(['GET CUSTOM', 'GET CUSTOM', 'POST AWS_IAM', 'POST CUSTOM', 'POST CUSTOM']);
    template.hasResourceProperties('AWS::ApiGateway::Authorizer', { Type: 'TOKEN', AuthorizerResultTtlInSeconds: 60, IdentityValidationExpression: '^[Bb]earer .{16,}$' });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'], Resource: { Ref: Match.stringLikeRegexp('Keys') } })]) },
    });
  });

  test('names all aliases, and lets IAM allow it', () => {
    const stack = newStack();
    const endpoint = new ModelEndpoint(stack, 'Chat', { model: inline('v1'), openAi: {} });
    endpoint.addAlias('beta', { model: inline('v2') });
    endpoint.grants.invokeOpenAi(new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() }));
    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: Match.objectLike({ MODEL_ROLLOUT_OPEN_AI: '["live","beta"]' }) } });
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: Match.stringLikeRegexp('Caller') }] } }));
    expect(JSON.stringify(policy)).toMatch(/POST\/v1\/chat\/completions.*POST\/v1\/embeddings.*GET\/v1\/models".*GET\/v1\/models\/\*"/);
  });

  test('is in errors of API Gateway as well, and only where it was asked for', () => {
    const bodies = (openAi?: object): string => JSON.stringify(endpointWith({ model: inline('v1'), openAi }).template.findResources('AWS::ApiGateway::GatewayResponse'));
    expect(bodies({})).toContain('authentication_error');
    expect(bodies()).not.toContain('param');
  });

  test('takes a path that no alias can have then', () => {
    const { endpoint } = endpointWith({ model: inline('v1'), openAi: {} });
    expect(() => endpoint.addAlias('v1', { model: inline('v2') })).toThrow('alias "v1" is the path of openAi; choose another name');
    expect(endpoint._reservePreview('v1')).toHaveLength(1);
    const stack = newStack();
    const api = new apigateway.RestApi(stack, 'Api');
    api.root.addResource('fraud').addResource('v1');
    expect(() => new ModelEndpoint(stack, 'Fraud', { model: inline('v1'), api, openAi: {} })).toThrow('has the path "v1" there already; set another path');
  });

  test('is not there unless it is asked for', () => {
    const { endpoint, template } = endpointWith({ model: inline('v1') });
    expect(endpoint.openAiUrl).toBeUndefined();
    expect(methodsOf(template)).toEqual(['POST AWS_IAM']);
  });
});

describe('settings of the API', () => {
  const model = inline('v1');

  test('throttling and tracing are the stage\'s, and the router\'s', () => {
    const { template } = endpointWith({ model, throttle: { rateLimit: 100, burstLimit: 200 }, tracing: true });
    template.hasResourceProperties('AWS::ApiGateway::Stage', {
      TracingEnabled: true, MethodSettings: [Match.objectLike({ ThrottlingRateLimit: 100, ThrottlingBurstLimit: 200 })],
    });
    template.hasResourceProperties('AWS::Lambda::Function', { Description: Match.stringLikeRegexp('^Routes'), TracingConfig: { Mode: 'Active' } });
  });

  test('access logs have no body, header or query string, and can be turned off', () => {
    const format = Object.values(endpointWith({ model }).template.findResources('AWS::ApiGateway::Stage'))[0].Properties.AccessLogSetting.Format as string;
    expect(Object.keys(JSON.parse(format) as object)).toEqual(expect.arrayContaining(['requestId', 'caller', 'status', 'errorType']));
    expect(format).not.toMatch(/header|body|querystring|userAgent/i);
    endpointWith({ model, accessLogs: false }).template.hasResourceProperties('AWS::ApiGateway::Stage', { AccessLogSetting: Match.absent() });
  });

  test('browsers of other origins ask first, and the router knows the origins', () => {
    const { template } = endpointWith({ model, cors: { allowOrigins: ['https://app.example.com'] } });
    template.hasResourceProperties('AWS::ApiGateway::Method', { HttpMethod: 'OPTIONS', AuthorizationType: 'NONE' });
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { MODEL_ROLLOUT_CORS: '{"origins":["https://app.example.com"],"credentials":false,"exposed":[]}' } } });
  });

  test('what API Gateway refuses by itself is readable by pages as what the router answers is', () => {
    const headersOf = (cors: apigateway.CorsOptions): { [header: string]: string }[] =>
      Object.values(endpointWith({ model, cors }).template.findResources('AWS::ApiGateway::GatewayResponse')).map((response) => response.Properties.ResponseParameters as { [header: string]: string });
    const allowed = (cors: apigateway.CorsOptions): Set<string> => new Set(headersOf(cors).map((headers) => headers['gatewayresponse.header.Access-Control-Allow-Origin']));
    expect(allowed({ allowOrigins: ['https://a.example'] })).toEqual(new Set(["'https://a.example'"]));
    expect(allowed({ allowOrigins: ['*'] })).toEqual(new Set(["'*'"]));
    // One header cannot choose among origins; with credentials a browser wants its own by name.
    expect(allowed({ allowOrigins: ['https://a.example', 'https://b.example'] })).toEqual(new Set(["'*'"]));
    expect(allowed({ allowOrigins: ['https://a.example', 'https://b.example'], allowCredentials: true })).toEqual(new Set(['method.request.header.origin']));
    expect(headersOf({ allowOrigins: ['https://a.example'], allowCredentials: true, exposeHeaders: ['X-Own'] })).toEqual(Array.from({ length: 3 }, () => expect.objectContaining({
      'gatewayresponse.header.Access-Control-Allow-Credentials': "'true'",
      'gatewayresponse.header.Access-Control-Expose-Headers': expect.stringMatching(/retry-after.*x-own/),
      'gatewayresponse.header.Vary': "'Origin'",
    })));
  });

  test('the answer to a browser that asks first is a text also where all types are bytes, and names the headers that callers send', () => {
    endpointWith({ model, cors: { allowOrigins: ['https://a.example'] } }).template.hasResourceProperties('AWS::ApiGateway::Method', {
      HttpMethod: 'OPTIONS',
      Integration: {
        ContentHandling: 'CONVERT_TO_TEXT',
        IntegrationResponses: [Match.objectLike({ ResponseParameters: Match.objectLike({ 'method.response.header.Access-Control-Allow-Headers': Match.stringLikeRegexp('Authorization.*x-amzn-sagemaker-inference-id') }) })],
      },
    });
  });

  test('credentials for all origins are refused, as browsers do', () => {
    expect(() => endpointWith({ model, cors: { allowOrigins: ['*'], allowCredentials: true } })).toThrow(/browsers refuse; name the origins/);
  });

  test('a web ACL stands before the stage', () => {
    const stack = newStack();
    const webAcl = new wafv2.CfnWebACL(stack, 'Acl', {
      scope: 'REGIONAL', defaultAction: { allow: {} }, visibilityConfig: { cloudWatchMetricsEnabled: true, metricName: 'm', sampledRequestsEnabled: true },
    });
    endpointWith({ model, webAcl }, stack).template.hasResourceProperties('AWS::WAFv2::WebACLAssociation', { WebACLArn: { 'Fn::GetAtt': ['Acl', 'Arn'] } });
  });

  test('a domain name and the media types that are bytes', () => {
    const stack = newStack();
    const certificate = acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:eu-west-1:111111111111:certificate/1');
    const { template } = endpointWith({ model, domainName: { domainName: 'models.example.com', certificate }, binaryMediaTypes: ['image/png'] }, stack);
    template.hasResourceProperties('AWS::ApiGateway::DomainName', { DomainName: 'models.example.com' });
    template.hasResourceProperties('AWS::ApiGateway::RestApi', { BinaryMediaTypes: ['image/png'] });
  });

  test('the router has less time than API Gateway waits, and Lambda more than the router takes', () => {
    const { template } = endpointWith({ model: inline('v1', { timeout: Duration.seconds(9) }), timeout: Duration.seconds(10) });
    template.hasResourceProperties('AWS::ApiGateway::Method', { Integration: { TimeoutInMillis: 10_000 } });
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { MODEL_ROLLOUT_TIMEOUT_MS: '9500' } }, Timeout: 11 });
  });
});

describe('response streaming', () => {
  const integrationOf = (template: Template): { Uri: unknown; ResponseTransferMode?: string; TimeoutInMillis: number } =>
    Object.values(template.findResources('AWS::ApiGateway::Method')).find(({ Properties: { HttpMethod: method } }) => method === 'POST')!.Properties.Integration;

  test('is asked for with another address of the router, and a handler that streams and has time left afterwards', () => {
    const { template } = endpointWith({ model: inline('v1', { timeout: Duration.seconds(9) }), responseStreaming: true, timeout: Duration.seconds(10) });
    const { Uri: uri, ...integration } = integrationOf(template);
    expect(JSON.stringify(uri)).toMatch(/2021-11-15\/functions\/.*FraudRouterFunction.*\/response-streaming-invocations/);
    expect(integration).toMatchObject({ ResponseTransferMode: 'STREAM', TimeoutInMillis: 10_000 });
    template.hasResourceProperties('AWS::Lambda::Function', { Handler: 'index.streamingHandler', Timeout: 17 });
    template.hasResourceProperties('AWS::Lambda::Permission', { Action: 'lambda:InvokeFunction', Principal: 'apigateway.amazonaws.com' });
  });

  test('has an address for clients of SageMaker\'s InvokeEndpointWithResponseStream, which callers of the alias may use; whole answers have none', () => {
    const paths = ({ template }: ReturnType<typeof endpointWith>): unknown[] =>
      Object.values(template.findResources('AWS::ApiGateway::Resource')).map(({ Properties: { PathPart: part } }) => part as unknown);
    const streaming = endpointWith({ model: inline('v1'), responseStreaming: true });
    expect(paths(streaming)).toContain('invocations-response-stream');
    const methods = Object.values(streaming.template.findResources('AWS::ApiGateway::Method')).map(({ Properties: { Integration: { ResponseTransferMode: mode } } }) => mode as unknown);
    expect(methods).toEqual(['STREAM', 'STREAM']);
    expect(paths(endpointWith({ model: inline('v1') }))).not.toContain('invocations-response-stream');
  });

  test('has 15 minutes without a quota, 29 seconds of them to begin; the router ends before its function does', () => {
    const { template } = endpointWith({ model: inline('v1'), responseStreaming: true, timeout: Duration.minutes(15) });
    expect(integrationOf(template)).toMatchObject({ ResponseTransferMode: 'STREAM', TimeoutInMillis: 900_000 });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Handler: 'index.streamingHandler', Timeout: 900,
      Environment: { Variables: { MODEL_ROLLOUT_TIMEOUT_MS: '28500', MODEL_ROLLOUT_STREAM_TIMEOUT_MS: '893000', MODEL_ROLLOUT_IDLE_TIMEOUT_MS: '60000' } },
    });
    // The model may be busy for as long as the caller may listen.
    template.hasResourceProperties('AWS::Lambda::Function', { Handler: 'index.handler', Timeout: 900 });
  });

  test('takes the times that are given, and a candidate\'s budget is a part of the first', () => {
    const { template } = endpointWith({
      variants: [{ name: 'a', model: inline('v1') }, { name: 'b', model: inline('v2') }], responseStreaming: true,
      timeout: Duration.minutes(2), firstByteTimeout: Duration.seconds(20), idleTimeout: Duration.seconds(90),
    });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { MODEL_ROLLOUT_TIMEOUT_MS: '19500', MODEL_ROLLOUT_STREAM_TIMEOUT_MS: '119500', MODEL_ROLLOUT_IDLE_TIMEOUT_MS: '90000' } },
    });
    expect(routeOf(template).variants.map(({ timeBudgetMs }) => timeBudgetMs)).toEqual([19_500, 19_250]);
  });

  test.each<[string, Partial<ModelEndpointProps>, RegExp]>([
    ['more than API Gateway streams', { timeout: Duration.minutes(16) }, /timeout of the endpoint is 960 s, but must be between 1 and 900; API Gateway ends a streamed answer then/],
    ['a first byte later than the end', { timeout: Duration.seconds(10), firstByteTimeout: Duration.seconds(11) }, /firstByteTimeout is 11 s, but must be between 1 and 10/],
    ['a silence that API Gateway does not bear', { idleTimeout: Duration.minutes(6) }, /idleTimeout is 360 s, but must be between 1 and 299/],
    ['a budget of more than the time to begin', { variants: [{ name: 'a', model: inline('v1') }, { name: 'b', model: inline('v2'), timeBudget: Duration.seconds(40) }], model: undefined, timeout: Duration.minutes(2) }, /timeBudget of variant "b".* 29000 ms/],
    ['times of streams without streaming', { responseStreaming: false, idleTimeout: Duration.seconds(10) }, /idleTimeout is of streamed answers; set responseStreaming, or leave it out/],
    ['a token', { firstByteTimeout: Duration.seconds(Lazy.number({ produce: () => 5 })) }, /firstByteTimeout of the endpoint is known only at deployment; give a duration/],
  ])('refuses %s', (_, props, message) => {
    expect(() => endpointWith({ model: inline('v1'), responseStreaming: true, ...props })).toThrow(message);
  });

  test('an edge-optimized API bears less silence', () => {
    const stack = new Stack();
    const api = new apigateway.RestApi(stack, 'Edge');
    expect(() => endpointWith({ model: inline('v1'), responseStreaming: true, api, idleTimeout: Duration.seconds(30) }, stack)).toThrow(/idleTimeout is 30 s, but must be between 1 and 29/);
  });

  test('is not the default', () => {
    const { template } = endpointWith({ model: inline('v1', { timeout: Duration.seconds(9) }), timeout: Duration.seconds(10) });
    expect(integrationOf(template)).not.toHaveProperty('ResponseTransferMode');
    template.resourcePropertiesCountIs('AWS::Lambda::Function', { Handler: 'index.streamingHandler' }, 0);
    template.hasResourceProperties('AWS::Lambda::Function', { Environment: { Variables: { MODEL_ROLLOUT_TIMEOUT_MS: '9500' } }, Timeout: 11 });
  });
});

describe('the largest request body', () => {
  test.each<[string, Model, number]>([
    ['a Lambda function', inline('v1'), 6_291_456],
    ['SageMaker instances', Model.sageMaker({ image: ModelImage.fromUri('image'), instanceType: 'ml.m5.large' }), 6_291_456],
    ['a SageMaker serverless endpoint', Model.sageMakerServerless({ image: ModelImage.fromUri('image') }), 4_194_304],
    ['an endpoint that says so', Model.fromSageMakerEndpointName('fraud', { maxRequestBytes: 1_000 }), 1_000],
  ])('of %s is in the route, for the router to refuse more', (_, model, bytes) => {
    expect(routeOf(endpointWith({ model }).template).variants[0].target.maxRequestBytes).toBe(bytes);
  });
});

describe('an API that is given', () => {
  test('holds several endpoints under paths of their own', () => {
    const stack = newStack();
    const api = new apigateway.RestApi(stack, 'Shared');
    new ModelEndpoint(stack, 'Fraud', { model: inline('v1'), api });
    const spam = new ModelEndpoint(stack, 'Spam', { model: inline('v1'), api, path: 'mail/spam' });
    Template.fromStack(stack).resourceCountIs('AWS::ApiGateway::RestApi', 1);
    expect(JSON.stringify(stack.resolve(spam.url))).toContain('/mail/spam/live/invocations');
    expect(() => new ModelEndpoint(stack, 'Again', { model: inline('v1'), api, path: 'fraud' })).toThrow(/another endpoint of the API has the path "fraud"/);
  });

  test('fails for settings that are the API\'s', () => {
    const stack = newStack();
    const api = new apigateway.RestApi(stack, 'Shared');
    expect(() => new ModelEndpoint(stack, 'Fraud', { model: inline('v1'), api, accessLogs: false })).toThrow(/accessLogs is a setting of the API/);
  });
});

test('an endpoint of another stack is known by its attributes', () => {
  const stack = newStack();
  const imported = ModelEndpoint.fromEndpointAttributes(stack, 'Imported', { endpointName: 'fraud', restApiId: 'abc123' });
  expect(stack.resolve(imported.urlFor('beta'))).toEqual({
    'Fn::Join': ['', ['https://abc123.execute-api.eu-west-1.', { Ref: 'AWS::URLSuffix' }, '/prod/beta/invocations']],
  });
  expect(imported.metrics.invocations().dimensions).toEqual({ Endpoint: 'fraud', Alias: 'live', Variant: 'production' });
  expect(ModelEndpoint.isModelEndpoint(imported)).toBe(false);
});

test('an endpoint of another stack, in a shared API, can be granted', () => {
  const stack = newStack();
  const imported = ModelEndpoint.fromEndpointAttributes(stack, 'Imported', { endpointName: 'spam', restApiId: 'abc123', stageName: 'v1', path: 'mail/spam' });
  const caller = new iam.Role(stack, 'Caller', { assumedBy: new iam.AccountRootPrincipal() });
  imported.grants.invoke(caller);
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: [{
        Action: 'execute-api:Invoke', Effect: 'Allow',
        Resource: ['invocations', 'invocations-response-stream'].map((path) =>
          ({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:execute-api:eu-west-1:111111111111:abc123/v1/POST/mail/spam/live/${path}`]] })),
      }],
    },
  });
  expect(JSON.stringify(stack.resolve(imported.url))).toContain('/v1/mail/spam/live/invocations');
});

test('the metrics are those that the router writes', () => {
  const { metrics } = endpointWith({ model: inline('v1'), endpointName: 'fraud' }).endpoint;
  const all = [
    metrics.invocations(), metrics.modelErrors(), metrics.timeouts(), metrics.throttles(), metrics.backendErrors(), metrics.clientErrors(),
    metrics.failures(), metrics.fallbacks(), metrics.fallbackInvocations(), metrics.fallbackFailures(), metrics.retries(),
    metrics.modelLatency(), metrics.streamDuration(), metrics.midStreamErrors(), metrics.generations(), metrics.firstTokenLatency(),
    metrics.conversations(), metrics.earlierInvocations(), metrics.cohortInvocations(), metrics.cohortFailures(),
    metrics.timePerToken(), metrics.tokensIn(), metrics.tokensOut(), metrics.estimatedTokens(),
    metrics.overheadLatency({ alias: 'beta', variant: 'v2', options: { statistic: 'p99' } }),
  ];
  expect(
    [...all.map(({ metricName }) => metricName), metrics.candidateWeight().metricName, metrics.logEvidence().metricName].sort(),
  ).toEqual(Object.values(Metric).sort());
  expect(new Set(all.map(({ namespace }) => namespace))).toEqual(new Set(['ModelRollout']));
  expect(all.at(-1)).toMatchObject({ dimensions: { Endpoint: 'fraud', Alias: 'beta', Variant: 'v2' }, statistic: 'p99' });
});

test('answers of generative models have a metric for each reason to end', () => {
  const { metrics } = endpointWith({ model: inline('v1'), generative: true }).endpoint;
  const names = Object.values(FinishReason).map((reason) => metrics.finished(reason).metricName);
  expect(names).toEqual(Object.values(Reason).map(finishedMetric));
});

describe('mistakes', () => {
  const v1 = inline('v1');
  test.each<[string, AliasOptions & Partial<ModelEndpointProps>, RegExp]>([
    ['neither model nor variants', {}, /needs either model or variants/],
    ['both model and variants', { model: v1, variants: [{ name: 'a', model: v1 }] }, /needs either model or variants/],
    ['no variants', { variants: [] }, /empty list/],
    ['a negative weight', { variants: [{ name: 'a', model: v1, weight: -1 }] }, /weight of variant "a" on alias "live" is -1/],
    ['a weight that is no number', { variants: [{ name: 'a', model: v1, weight: NaN }] }, /is NaN/],
    ['an infinite weight', { variants: [{ name: 'a', model: v1, weight: Infinity }] }, /is Infinity/],
    ['only zero weights', { variants: [{ name: 'a', model: v1, weight: 0 }] }, /every variant of alias "live" has weight 0/],
    ['duplicate names', { variants: [{ name: 'a', model: v1 }, { name: 'a', model: v1 }] }, /more than one variant named "a"/],
    ['a name of 64 characters', { variants: [{ name: 'a'.repeat(64), model: v1 }] }, /with 64 characters, but may have 63/],
    ['a name with an underscore', { variants: [{ name: 'a_b', model: v1 }] }, /letters, digits and hyphens/],
    ['a time budget without rest', { variants: [{ name: 'a', model: v1, timeBudget: Duration.seconds(29) }] }, /timeBudget of variant "a"/],
    ['a wildcard as the key', { model: v1, assignment: Assignment.jsonPath('$..id') }, /without wildcards/],
    ['a header name with a space', { model: v1, assignment: Assignment.header('x user') }, /not a header name/],
    ['a time-out over the quota', { model: v1, timeout: Duration.seconds(30) }, /timeout of the endpoint is 30 s, but must be between 1 and 29/],
    ['a model slower than the endpoint', { model: inline('v1', { timeout: Duration.seconds(29) }), timeout: Duration.seconds(10) }, /timeout of the model of variant "production" is 29 s/],
    ['a time-out that is known only at deployment', { model: v1, timeout: Duration.seconds(Lazy.number({ produce: () => 5 })) }, /timeout of the endpoint is known only at deployment/],
    ['a time budget that is known only at deployment', { variants: [{ name: 'a', model: v1, timeBudget: Duration.seconds(Lazy.number({ produce: () => 5 })) }] }, /timeBudget of variant "a" .* only at deployment/],
    ['a weight that is known only at deployment', { variants: [{ name: 'a', model: v1, weight: Lazy.number({ produce: () => 5 }) }] }, /weight of variant "a" .* only at deployment/],
    ['a bad endpoint name', { model: v1, endpointName: 'a b' }, /endpointName is "a b"/],
    ['a bad path', { model: v1, path: '/x' }, /path is "\/x"/],
  ])('fails for %s', (_, props, message) => expect(failing(props as ModelEndpointProps)).toMatch(message));

  test('a single weight of 0 is legal', () => {
    expect(failing({ variants: [{ name: 'a', model: v1, weight: 0 }, { name: 'b', model: inline('v2'), weight: 1 }] })).toBe('');
  });

  const together = (define: (stack: Stack) => void, stack = newStack()): string => {
    try {
      define(stack);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  test('fails for two endpoints of one name in a stack, or in stacks of one account and region', () => {
    const named = (stack: Stack, id: string): void => void new ModelEndpoint(stack, id, { model: v1, endpointName: 'fraud' });
    expect(together((stack) => {
      named(stack, 'A');
      named(stack, 'B');
    })).toMatch(/endpointName is "fraud", which Stack\/A has already in the same account and region; give one of them another name/);
    const app = new App();
    const at = (id: string, env?: { account: string; region: string }): Stack => new Stack(app, id, { env });
    const here = { account: '111111111111', region: 'eu-west-1' };
    named(at('Here', here), 'A');
    expect(together((stack) => named(stack, 'A'), at('There', here))).toMatch(/which Here\/A has already/);
    // Another region, and stacks that may be deployed to different accounts.
    expect(together((stack) => named(stack, 'A'), at('Elsewhere', { ...here, region: 'eu-west-2' }))).toBe('');
    expect(together((stack) => named(stack, 'A'), at('Anywhere'))).toBe('');
    expect(together((stack) => named(stack, 'A'), at('AnywhereElse'))).toBe('');
  });

  test('fails for an API of another stack, which would import the router', () => {
    const app = new App();
    const api = new apigateway.RestApi(new Stack(app, 'Apis'), 'Api');
    expect(together((stack) => new ModelEndpoint(stack, 'Fraud', { model: v1, api }), new Stack(app, 'Models'))).toMatch(/api is in stack "Apis", .*define the endpoint in that stack, or leave api out/);
  });

  test('fails for API keys on an API with others, since each key would open all', () => {
    expect(together((stack) => new ModelEndpoint(stack, 'Fraud', { model: v1, api: new apigateway.RestApi(stack, 'Api'), auth: EndpointAuth.apiKey() }))).toMatch(/an API key opens every endpoint of an API with API keys/);
  });

  test.each(['@ModelRollout', '@ModelRolloutApiLogs'])('fails where somebody has the id %s, which what is shared has', (id) => {
    expect(together((stack) => new ModelEndpoint(stack, id, { model: v1 }))).toMatch(new RegExp(`/${id} has the construct id "${id}", under .*choose another id`));
    expect(together((stack) => {
      new Construct(stack, id);
      new ModelEndpoint(stack, 'Fraud', { model: v1 });
    })).toMatch(new RegExp(`/${id} has the construct id "${id}"`));
  });

  test('leaves every id of the stack to its author, whoever comes first', () => {
    const endpointIn = (stack: Stack): ModelEndpoint => new ModelEndpoint(stack, 'Fraud', { model: v1 });
    for (const id of ['ModelRollout', 'ModelRolloutApiLogs', 'ControlPlane', 'Gate']) {
      expect(together((stack) => new CanaryRollout(stack, id, { endpoint: endpointIn(stack) }))).toBe('');
      expect(together((stack) => {
        new Construct(stack, id);
        endpointIn(stack);
      })).toBe('');
      const stack = newStack();
      new CanaryRollout(stack, id, { endpoint: new ModelEndpoint(stack, `${id}Endpoint`, { model: v1 }) });
      Template.fromStack(stack).resourceCountIs('AWS::ApiGateway::Account', 1);
    }
    expect(together((stack) => new ModelEndpoint(stack, 'ModelRollout', { model: v1 }))).toBe('');
  });

  test('fails with all problems at once, those of the models included', () => {
    const message = failing({
      timeout: Duration.seconds(60),
      variants: [{ name: 'a', model: inline('v1', { memorySize: 64 }), weight: -1 }, { name: 'a', model: v1 }],
    });
    expect(message).toMatch(/4 problems:/);
    expect(message).toMatch(/memorySize of the Lambda model is 64 MiB, but must be between 128 and 10240/);
  });

  test.each(['', 'a/b', '-a', 'a'.repeat(64)])('fails for the alias %j', (name) => {
    const { endpoint } = endpointWith({ model: v1 });
    expect(() => endpoint.addAlias(name, { model: v1 })).toThrow(/rename it/);
    expect(() => endpoint.addAlias('live', { model: v1 })).toThrow(/is there already/);
  });
});

describe('who gets which version', () => {
  const declared = (assignment: Assignment, stack = newStack()): DeclaredRoute => routeOf(endpointWith({ model: inline('v1'), assignment }, stack).template);

  test('conversations stay for eight hours, or as long as is said', () => {
    expect(declared(Assignment.session()).assignment).toEqual({ source: 'session', lifetimeSeconds: 28_800 });
    expect(declared(Assignment.session({ lifetime: Duration.days(7) })).assignment).toEqual({ source: 'session', lifetimeSeconds: 604_800 });
  });

  test('a cohort is known by headers, claims and roles, and all others are assigned as is said', () => {
    const stack = newStack();
    const role = iam.Role.fromRoleArn(stack, 'Tester', 'arn:aws:iam::222222222222:role/team/tester');
    const route = declared(Assignment.cohort({
      members: [Cohort.header('X-Tenant', 'own', 'pilot'), Cohort.claim('groups', 'ml'), Cohort.roles(role)], others: Assignment.session(),
    }), stack);
    expect(route.assignment.source).toBe('session');
    expect(route.cohort).toEqual({ members: [
      { by: 'header', name: 'x-tenant', values: ['own', 'pilot'] }, { by: 'claim', name: 'groups', values: ['ml'] },
      { by: 'principal', arns: ["arn:{'Ref':'AWS::Partition'}:iam::222222222222:role/tester"] },
    ] });
    expect(declared(Assignment.cohort({ members: [Cohort.claim('tenant', 'acme')] })).assignment).toEqual({ source: 'inference-id' });
  });

  test.each<[string, Assignment, RegExp]>([
    ['a conversation of seconds', Assignment.session({ lifetime: Duration.seconds(5) }), /lifetime of the session assignment is 5 s/],
    ['a conversation of weeks', Assignment.session({ lifetime: Duration.days(8) }), /lifetime of the session assignment is 691200 s.*604800/],
    ['a conversation of a length that nobody knows', Assignment.session({ lifetime: Duration.seconds(Lazy.number({ produce: () => 60 })) }), /lifetime of the session assignment is known only at deployment/],
    ['a cohort of nobody', Assignment.cohort({ members: [] }), /the cohort has no members; give at least one Cohort/],
    ['a cohort of no values', Assignment.cohort({ members: [Cohort.header('x-tenant')] }), /the cohort by header "x-tenant" must have 1 to 100 values/],
    ['a cohort of an empty value', Assignment.cohort({ members: [Cohort.claim('tenant', '')] }), /the cohort by claim "tenant" has the value ""/],
    ['a cohort by what is no header', Assignment.cohort({ members: [Cohort.header('x tenant', 'a')] }), /the header of a cohort is "x tenant", which is not the name of one/],
    ['a cohort of no roles', Assignment.cohort({ members: [Cohort.roles()] }), /the cohort of roles has none/],
    ['a cohort within a cohort', Assignment.cohort({ members: [Cohort.header('a', 'b')], others: Assignment.cohort({ members: [Cohort.header('a', 'c')] }) }), /others of Assignment.cohort is a cohort again/],
  ])('%s is refused', (_, assignment, message) => {
    expect(failing({ model: inline('v1'), assignment })).toMatch(message);
  });
});
