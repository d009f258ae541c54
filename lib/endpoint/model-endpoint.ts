import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Aws, Duration, Names, Resource, Stack, Token } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledge } from '../package/acknowledge';
import { ControlPlane } from '../control-plane/control-plane';
import { type CorsPlan, SENT_HEADERS } from '../core/cors';
import type { TargetKind } from '../core/backends/backends';
import { API_GATEWAY_TIMEOUT_SECONDS } from '../core/aws-limits';
import { failTogether } from '../validate/fail-together';
import { Mistakes } from '../validate/mistakes';
import { rangeProblem, wholeProblem } from '../validate/limits';
import { isResource } from '../validate/resources';
import { keyProblems, useKey } from '../encryption/key-of';
import { logGroup } from '../encryption/log-group';
import { ApiGatewayAccount } from './api-gateway-account';
import { OPEN_AI_ROOT } from '../core/open-ai';
import { INVOCATIONS_PATH, RESPONSE_STREAM_PATH } from '../core/sagemaker-path';
import { bindVariants } from './bind-variants';
import { EndpointAlias, type EndpointAliasProps } from './endpoint-alias';
import { EndpointAuth, type EndpointAuthConfig } from './endpoint-auth';
import { EndpointFeedback } from './endpoint-feedback';
import { EndpointGrants } from './endpoint-grants';
import { EndpointMetrics } from './endpoint-metrics';
import { takeName } from './endpoint-names';
import { EndpointRouter } from './endpoint-router';
import { type EndpointTimes, endpointTimes, timeProblems } from './endpoint-times';
import { admitMethod, integrationOf } from './function-integration';
import { addGatewayResponses } from './gateway-responses';
import { networkOf, networkProblems, warnWithoutEgress } from './router-network';
import { ModelAlias } from './model-alias';
import type { IModelEndpoint } from './model-endpoint-ref';
import { frontProblems, OPEN_AI_METHODS, type OpenAiFront, reservedByFront } from './open-ai-front';
import { aliasNameProblem, aliasProblems, type AliasOptions, variantsOf } from './variant';
import type { ModelEndpointProps } from './model-endpoint-props';

/** The alias that every endpoint has. */
const LIVE = 'live';

/** Id of what has the versions of all aliases. */
const VERSIONS = 'Versions';

/** Bodies of every type reach a model, and return from it, byte for byte. */
const BINARY_MEDIA_TYPES = ['*/*'];

const SYMBOL = Symbol.for('cdk-model-rollout.ModelEndpoint');

/** What is needed to use an endpoint of another stack. */
export interface ModelEndpointAttributes {
  /** Name of the endpoint. */
  readonly endpointName: string;

  /** Id of its API. */
  readonly restApiId: string;

  /**
   * Stage of its API.
   *
   * @default prod
   */
  readonly stageName?: string;

  /**
   * Path of the endpoint in its API.
   *
   * @default - the API is the endpoint's own
   */
  readonly path?: string;
}

abstract class ModelEndpointBase extends Resource implements IModelEndpoint {
  public abstract readonly endpointName: string;
  public abstract readonly grants: EndpointGrants;
  public abstract readonly metrics: EndpointMetrics;

  public get url(): string {
    return this.urlFor(LIVE);
  }

  public abstract urlFor(alias: string): string;
}

/**
 * A model behind an address that never changes: `POST …/live/invocations`.
 *
 * Defines an API, a router function, the versions of the models, and a route record for each alias, in a table that all endpoints
 * of the stack share. A changed model is another version beside the old one; when the stack is updated the alias moves to it, by the
 * steps of a rollout that is attached or else at once, and the old version is deleted when no request can be on its way to it any more.
 */
export class ModelEndpoint extends ModelEndpointBase implements ec2.IConnectable {
  /** An endpoint of another stack. */
  public static fromEndpointAttributes(scope: Construct, id: string, attributes: ModelEndpointAttributes): IModelEndpoint {
    const { restApiId, stageName = 'prod', path } = attributes;
    const prefix = path === undefined ? '' : `/${path}`;
    class Import extends ModelEndpointBase {
      public readonly endpointName = attributes.endpointName;
      public readonly metrics = EndpointMetrics._of(attributes.endpointName);
      public readonly grants = EndpointGrants._of((method, below) =>
        Stack.of(this).formatArn({
          service: 'execute-api', resource: restApiId, resourceName: `${stageName}/${method}${prefix}/${below}`,
        }),
      );

      public urlFor(alias: string): string {
        return `https://${restApiId}.execute-api.${Stack.of(this).region}.${Aws.URL_SUFFIX}/${stageName}${prefix}/${alias}/${INVOCATIONS_PATH}`;
      }
    }
    return new Import(scope, id);
  }

  /** Whether a value is a model endpoint. */
  public static isModelEndpoint(x: any): x is ModelEndpoint {
    return x !== null && typeof x === 'object' && SYMBOL in x;
  }

  public readonly endpointName: string;
  public readonly grants: EndpointGrants;
  public readonly metrics: EndpointMetrics;

  /** The API in which the endpoint is. */
  public readonly api: apigateway.IRestApi;

  private readonly times: EndpointTimes;
  private readonly path: string;
  private readonly router: EndpointRouter;
  private readonly versions: Construct;
  private readonly aliases = new Map<string, EndpointAlias>();
  /** Names that rollouts write routes for while they are under way. */
  private readonly previews = new Set<string>();
  private readonly auth: EndpointAuthConfig;
  private readonly aliasResource: apigateway.Resource;

  constructor(scope: Construct, id: string, private readonly props: ModelEndpointProps) {
    super(scope, id);
    Object.defineProperty(this, SYMBOL, { value: true });
    this.times = endpointTimes(props);
    this.path = props.path ?? (props.api === undefined ? '' : id.toLowerCase());
    this.endpointName = props.endpointName ?? Names.uniqueResourceName(this, { maxLength: 63, separator: '-' });
    useKey(this, props.encryptionKey);
    const mistakes = new Mistakes(this);
    mistakes.add(
      ...timeProblems(props),
      ...endpointProblems(this, props, this.path),
      ...keyProblems(props.encryptionKey, Stack.of(this).region),
      ...aliasProblems(LIVE, props, this.times.firstByte),
      ...networkProblems(props),
      ...takeName(this, this.endpointName),
      ...ControlPlane.problems(this),
      ...ApiGatewayAccount.problems(this),
    );
    this.reportWithModels(props, mistakes);

    this.metrics = EndpointMetrics._of(this.endpointName);
    this.api = props.api ?? this.ownApi(props);
    this.grants = EndpointGrants._of((method, path) =>
      this.api.arnForExecuteApi(method, `/${[this.path, path].filter(Boolean).join('/')}`, this.api.deploymentStage.stageName),
    );
    const network = networkOf(this, props);
    this.router = new EndpointRouter(this, 'Router', {
      endpointName: this.endpointName,
      controlPlane: ControlPlane.of(this),
      routes: () => [...this.aliases.values()].map(({ resource }) => resource),
      times: this.times,
      memorySize: props.routerMemorySize ?? 1024,
      generative: props.generative ?? variantsOf(props).some(({ model }) => model._generates),
      openAiModels: props.openAi && (() => [...this.aliases.keys()]),
      cors: corsPlan(props.cors),
      binaryMediaTypes: binaryTypesOf(this.api),
      tracing: props.tracing ?? false,
      logRetention: props.logRetention,
      network,
    });
    this.auth = (props.auth ?? EndpointAuth.iam()).bind(this, this.api);
    const base = this.path === '' ? this.api.root : this.api.root.resourceForPath(this.path);
    this.aliasResource = base.addResource('{alias}');
    this.addMethod(INVOCATIONS_PATH, this.router.function, this.times.whole, props.responseStreaming);
    if (this.router.streaming) {
      this.addMethod(RESPONSE_STREAM_PATH, this.router.function, this.times.whole, true);
    }
    if (props.openAi !== undefined) {
      this.addOpenAi(props.openAi, base);
    }
    this.versions = new Construct(this, VERSIONS);
    this.defineAlias(LIVE, props, mistakes);
    if (network !== undefined) {
      warnWithoutEgress(this, network, this.kindsDeclared());
    }
  }

  /** What asks the models in `vpc`: let it through to them, as in `server.connections.allowFrom(endpoint, …)`. Needs `vpc`. */
  public get connections(): ec2.Connections {
    const { network } = this.router;
    failTogether(network === undefined ? ['the endpoint has no connections, for its router is in no network of yours; set vpc'] : [], this);
    return new ec2.Connections({ securityGroups: network!.securityGroups });
  }

  private kindsDeclared(): ReadonlySet<TargetKind> {
    return new Set(this.aliases.get(LIVE)!.versionsDeclared.map((version) => version._target().kind));
  }

  /** Report mistakes together with those that models tell only when they are bound: nothing else of the endpoint is there yet. */
  private reportWithModels(props: ModelEndpointProps, mistakes: Mistakes): void {
    if (mistakes.any) {
      const { whole } = this.times;
      bindVariants(props, new Construct(this, VERSIONS), {
        role: new iam.Role(this, 'Invoker', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }),
        timeout: whole.isUnresolved() ? Duration.seconds(API_GATEWAY_TIMEOUT_SECONDS) : whole,
      }, mistakes);
      mistakes.report();
    }
  }

  private takenProblems(name: string): string[] {
    const reserved = reservedByFront(this.props.openAi, name);
    if (reserved.length > 0) {
      return reserved;
    }
    if (this.aliases.has(name)) {
      return [`alias ${JSON.stringify(name)} is there already; choose another name`];
    }
    return this.previews.has(name)
      ? [`alias ${JSON.stringify(name)} is the preview alias of a rollout; choose another name here, or there with previewAlias`]
      : [];
  }

  /**
   * Another address of the endpoint, with models of its own: `POST …/{name}/invocations`. Versions with the same digest are shared.
   *
   * @param name 1 to 63 letters, digits, hyphens and underscores
   */
  public addAlias(name: string, options: AliasOptions): ModelAlias {
    const mistakes = new Mistakes(this);
    mistakes.add(...this.takenProblems(name), ...aliasProblems(name, options, this.times.firstByte));
    this.defineAlias(name, options, mistakes);
    return ModelAlias._of(this, name);
  }

  private defineAlias(name: string, options: AliasOptions, mistakes: Mistakes): void {
    const variants = bindVariants(options, this.versions, this.router, mistakes);
    mistakes.report();
    this.aliases.set(name, this.aliasOf(this, `Alias-${name}`, { aliasName: name, options, variants }));
  }

  private aliasOf(scope: Construct, id: string, props: Pick<EndpointAliasProps, 'aliasName' | 'options' | 'variants'>): EndpointAlias {
    return new EndpointAlias(scope, id, {
      ...props,
      endpointName: this.endpointName,
      router: this.router,
      controlPlane: ControlPlane.of(this),
      versions: this.versions,
    });
  }

  /**
   * Stands in for an alias that was not declared, with the models of `live`, so that other mistakes of `scope` can still be found. `scope`
   * itself is refused.
   *
   * @internal
   */
  public _standIn(scope: Construct, name: string): EndpointAlias {
    const variants = bindVariants(this.props, this.versions, this.router, new Mistakes(this));
    return this.aliasOf(scope, 'StandIn', { aliasName: name, options: this.props, variants });
  }

  /**
   * An alias that is declared.
   *
   * @internal
   */
  public _alias(name: string): EndpointAlias | undefined {
    return this.aliases.get(name);
  }

  /**
   * Why a name cannot be that of a preview alias; nothing if it can, and then it is taken.
   *
   * @internal
   */
  public _reservePreview(name: string): string[] {
    if (this.aliases.has(name) || this.previews.has(name)) {
      return [`previewAlias is ${JSON.stringify(name)}, which is an alias of the endpoint already; choose another name`];
    }
    const problems = [...aliasNameProblem('previewAlias', name), ...reservedByFront(this.props.openAi, name)];
    if (problems.length === 0) {
      this.previews.add(name);
    }
    return problems;
  }

  /**
   * Whether IAM decides who may call each alias.
   *
   * @internal
   */
  public get _iamAuth(): boolean {
    return this.auth.authorizationType === apigateway.AuthorizationType.IAM;
  }

  /**
   * The router's function.
   *
   * @internal
   */
  public get _routerFunction(): lambda.IFunction {
    return this.router.function;
  }

  /**
   * What takes feedback, defined when an alias first wants it.
   *
   * @internal
   */
  public _feedback(): EndpointFeedback {
    return (this.node.tryFindChild('Feedback') as EndpointFeedback | undefined) ?? new EndpointFeedback(this, 'Feedback', {
      endpointName: this.endpointName,
      controlPlane: ControlPlane.of(this),
      router: this.router,
      cors: corsPlan(this.props.cors),
      tracing: this.props.tracing === true ? lambda.Tracing.ACTIVE : undefined,
      logRetention: this.props.logRetention,
      addMethod: (handler) => this.addMethod('feedback', handler, Duration.seconds(API_GATEWAY_TIMEOUT_SECONDS)),
    });
  }

  public urlFor(alias: string): string {
    return this.urlOf(alias, INVOCATIONS_PATH);
  }

  /** What clients of OpenAI's shape are given as their base URL: `…/v1`. Undefined without `openAi`. */
  public get openAiUrl(): string | undefined {
    return this.props.openAi && this.api.deploymentStage.urlForPath(`/${[this.path, OPEN_AI_ROOT].filter(Boolean).join('/')}`);
  }

  /**
   * Address of what an alias can be sent.
   *
   * @internal
   */
  public _feedbackUrl(alias: string): string {
    return this.urlOf(alias, 'feedback');
  }

  private urlOf(alias: string, method: string): string {
    return this.api.deploymentStage.urlForPath(`/${[this.path, alias, method].filter(Boolean).join('/')}`);
  }

  private ownApi(props: ModelEndpointProps): apigateway.RestApi {
    const accessLogs = props.accessLogs ?? true;
    const log = accessLogs
      ? logGroup(this, 'AccessLog', { retention: props.logRetention })
      : undefined;
    const api = new apigateway.RestApi(this, 'Api', {
      description: `Model endpoint ${this.endpointName}`,
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      binaryMediaTypes: props.binaryMediaTypes ?? BINARY_MEDIA_TYPES,
      domainName: props.domainName,
      cloudWatchRole: false,
      deployOptions: {
        throttlingRateLimit: props.throttle?.rateLimit,
        throttlingBurstLimit: props.throttle?.burstLimit,
        tracingEnabled: props.tracing,
        accessLogDestination: log && new apigateway.LogGroupLogDestination(log),
        accessLogFormat: log && accessLogFormat(),
      },
    });
    addGatewayResponses(api, corsPlan(props.cors), props.openAi !== undefined);
    acknowledge(api, {
      'AwsSolutions-APIG2': 'a body is whatever the model takes; the router refuses what the model cannot take, with an error that says so',
      'AwsSolutions-APIG6':
        'the access log has each request with its error; execution logs would add headers, in a log group that is kept for ever',
    });
    if (props.cloudWatchRole ?? accessLogs) {
      api.deploymentStage.node.addDependency(ApiGatewayAccount.of(this));
    }
    if (props.webAcl !== undefined) {
      new wafv2.CfnWebACLAssociation(this, 'WebAclAssociation', {
        resourceArn: api.deploymentStage.stageArn,
        webAclArn: props.webAcl.webAclRef.webAclArn,
      });
    }
    return api;
  }

  private addMethod(name: string, handler: lambda.IFunction, timeout: Duration, streaming = false): apigateway.Method {
    const resource = this.aliasResource.addResource(name);
    const method = resource.addMethod(
      'POST',
      integrationOf(handler, timeout, streaming),
      {
        ...this.auth,
        requestParameters: { 'method.request.path.alias': true },
      },
    );
    this.openMethod(method, handler, this.auth);
    return method;
  }

  /** The same router in OpenAI's shape. */
  private addOpenAi({ auth }: OpenAiFront, base: apigateway.IResource): void {
    const config = auth?.bind(new Construct(this, 'OpenAi'), this.api) ?? this.auth;
    const { function: handler, streaming } = this.router;
    for (const { path, method } of OPEN_AI_METHODS) {
      const resource = base.resourceForPath(`${OPEN_AI_ROOT}/${path}`);
      this.openMethod(resource.addMethod(method, integrationOf(handler, this.times.whole, streaming), { ...config }), handler, config);
    }
  }

  /** Let API Gateway call the function of a method, and pages of other origins the method. */
  private openMethod(method: apigateway.Method, handler: lambda.IFunction, { authorizationType }: EndpointAuthConfig): void {
    admitMethod(handler, method);
    if (authorizationType !== apigateway.AuthorizationType.NONE) {
      acknowledge(method, { 'AwsSolutions-COG4': 'callers are authenticated, if not by a user pool' });
    }
    if (this.props.cors !== undefined) {
      addPreflight(method.resource as apigateway.Resource, this.props.cors);
    }
  }
}

function corsPlan(cors: apigateway.CorsOptions | undefined): CorsPlan | undefined {
  return cors && { origins: cors.allowOrigins, credentials: cors.allowCredentials ?? false, exposed: cors.exposeHeaders ?? [] };
}

/** Answer a browser's question before a request. */
function addPreflight(resource: apigateway.Resource, cors: apigateway.CorsOptions): void {
  const allowHeaders = cors.allowHeaders ?? [...apigateway.Cors.DEFAULT_HEADERS, ...SENT_HEADERS];
  const method = resource.addCorsPreflight({ ...cors, allowHeaders });
  // Where every type is a binary one, API Gateway would take the mock's own request for bytes and fail to read it.
  (method.node.defaultChild as apigateway.CfnMethod).addPropertyOverride(
    'Integration.ContentHandling',
    apigateway.ContentHandling.CONVERT_TO_TEXT,
  );
}

/** Which types an API hands on as bytes; undefined where it is made from a definition that is not known here. */
function binaryTypesOf(api: apigateway.IRestApi): readonly string[] | undefined {
  const resource = api.node.defaultChild;
  if (
    !isResource(resource, 'AWS::ApiGateway::RestApi') ||
    (resource as apigateway.CfnRestApi).body !== undefined ||
    (resource as apigateway.CfnRestApi).bodyS3Location !== undefined
  ) {
    return undefined;
  }
  const types = (resource as apigateway.CfnRestApi).binaryMediaTypes ?? [];
  return types.includes('*/*') ? undefined : types;
}

/** One line of JSON a request; no body, no header, no query string. */
function accessLogFormat(): apigateway.AccessLogFormat {
  const field = apigateway.AccessLogField;
  return apigateway.AccessLogFormat.custom(
    JSON.stringify({
      requestId: field.contextRequestId(),
      time: field.contextRequestTime(),
      caller: field.contextIdentityCaller(),
      sourceIp: field.contextIdentitySourceIp(),
      method: field.contextHttpMethod(),
      path: field.contextPath(),
      status: field.contextStatus(),
      responseLength: field.contextResponseLength(),
      responseLatency: field.contextResponseLatency(),
      integrationLatency: field.contextIntegrationLatency(),
      errorType: field.contextErrorResponseType(),
    }),
  );
}

function endpointProblems(scope: Construct, props: ModelEndpointProps, path: string): string[] {
  const problems = [
    ...wholeProblem('routerMemorySize', props.routerMemorySize, [128, 10_240], 'MiB', 'choose a size that Lambda offers'),
    ...rangeProblem(
      'throttle.rateLimit',
      props.throttle?.rateLimit,
      [0, 1e6],
      'requests a second',
      'set the rate that callers may have together',
    ),
  ];
  if (props.cors?.allowCredentials === true && props.cors.allowOrigins.includes('*')) {
    problems.push('cors.allowCredentials is true with allowOrigins ["*"], which browsers refuse; name the origins');
  }
  const name = props.endpointName;
  if (name !== undefined && !Token.isUnresolved(name) && !/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name)) {
    problems.push(`endpointName is ${JSON.stringify(name)}, but must have 1 to 63 letters, digits, hyphens and underscores; rename it`);
  }
  if (path !== '' && !/^[\w.~-]+(?:\/[\w.~-]+)*$/.test(path)) {
    problems.push(
      `path is ${JSON.stringify(path)}, but must be parts of letters, digits, ".", "_", "~" and "-" between slashes; rename it`,
    );
  }
  if (Token.isUnresolved(props.binaryMediaTypes)) {
    problems.push('binaryMediaTypes is known only at deployment, but the router must know the types; give them');
  }
  const { api, auth, openAi } = props;
  if (api !== undefined) {
    problems.push(...new Set([...auth?._problemsOnSharedApi() ?? [], ...openAi?.auth?._problemsOnSharedApi() ?? []]));
    const owned = ['throttle', 'accessLogs', 'cloudWatchRole', 'domainName', 'webAcl', 'binaryMediaTypes'] as const;
    for (const setting of owned.filter((key) => props[key] !== undefined)) {
      problems.push(`${setting} is a setting of the API, which is given; set it there`);
    }
    if (Stack.of(api) !== Stack.of(scope)) {
      problems.push(
        `api is in stack ${JSON.stringify(Stack.of(api).node.path)}, whose template would get the endpoint's methods and import its `
          + `router, so that neither stack could be changed without the other; ` +
          'define the endpoint in that stack, or leave api out',
      );
    }
    if (api.deploymentStage === undefined) {
      problems.push(
        'api is imported, so that its stage is not known and nothing here would deploy to it; pass the RestApi construct itself',
      );
    }
    const base =
      path === '' ? api.root : path.split('/').reduce<apigateway.IResource | undefined>((at, part) => at?.getResource(part), api.root);
    problems.push(...frontProblems(openAi, base));
    if (base?.getResource('{alias}') !== undefined) {
      problems.push(`another endpoint of the API has the path ${JSON.stringify(path)} already; set another path`);
    }
  }
  return problems;
}
