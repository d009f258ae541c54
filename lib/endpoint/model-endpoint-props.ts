import type * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Duration } from 'aws-cdk-lib/core';
import type { EndpointAuth } from './endpoint-auth';
import type { OpenAiFront } from './open-ai-front';
import type { AliasOptions } from './variant';

/** A model behind a stable address. The options of the alias `live` are given here too. */
export interface ModelEndpointProps extends AliasOptions {
  /**
   * Name of the endpoint: dimension of its metrics and part of its routes' keys. Unique within account and region.
   *
   * @default - a name made from the construct's path
   */
  readonly endpointName?: string;

  /**
   * Who may invoke the endpoint.
   *
   * @default EndpointAuth.iam()
   */
  readonly auth?: EndpointAuth;

  /**
   * API in which the endpoint takes its place, so that several endpoints share one address and one set of settings. The settings
   * of an API (throttling, logs, domain, binary types, gateway responses) are then its owner's business.
   *
   * @default - an API of its own
   */
  readonly api?: apigateway.IRestApi;

  /**
   * Path in the API below which the aliases are, without slashes at its ends.
   *
   * @default - none in an API of its own; the construct's id in lower case in an API that is given
   */
  readonly path?: string;

  /**
   * Within what time a request is answered, models and fallback included. More than 29 seconds needs a raised quota of the account
   * ("Maximum integration timeout in milliseconds") and a regional or private API, or `responseStreaming`: then it is the time for the
   * whole of an answer, up to 15 minutes, and needs no quota.
   *
   * @default Duration.seconds(29)
   */
  readonly timeout?: Duration;

  /**
   * The account's integration timeout, if it was raised.
   *
   * @default Duration.seconds(29)
   */
  readonly integrationTimeoutQuota?: Duration;

  /**
   * Stream answers to callers as models send them (`responseTransferMode` STREAM of API Gateway). SageMaker containers that send in parts
   * are streamed, and so are functions whose runtime streams; other models answer as a whole, as they do otherwise. Until the first part of
   * an answer nothing has reached the caller, and production answers in the place of a candidate that fails. What breaks after that ends
   * with an error event, or with the connection. Clients of SageMaker's `InvokeEndpointWithResponseStream` have
   * `POST …/{alias}/invocations-response-stream`.
   *
   * @default false - whole answers
   */
  readonly responseStreaming?: boolean;

  /**
   * The models generate text, as language models do. The router then reads what they say of their answers: tokens in and out, time to the
   * first token and from one to the next, and why an answer ended (`endpoint.metrics.firstTokenLatency()` and its neighbours). Rollouts
   * that list no guardrails compare these in place of latency, which hangs on how much a model says. Read are the shapes of OpenAI,
   * Anthropic, Bedrock Converse, TGI and LMI; for other answers tokens are estimated.
   *
   * @default - true where a variant is `Model.bedrock`; else answers are what their bytes are, and there are no metrics of tokens
   */
  readonly generative?: boolean;

  /**
   * Take requests in OpenAI's shape too, at `…/v1/chat/completions`, `…/v1/embeddings` and `…/v1/models` beside the aliases, which are its
   * models: `model` of a request names one. Models get the request as it is and must speak that shape themselves, as vLLM, TGI and
   * SageMaker's LMI do; for `Model.bedrock` it is translated. Errors are in that shape. No alias can be named `v1`.
   *
   * @default - aliases take requests at their own addresses only
   */
  readonly openAi?: OpenAiFront;

  /**
   * Within what time a streamed answer must have begun, fallback included; a candidate's time budget is a part of it. Up to the idle
   * time-out of API Gateway:
   * 5 minutes, or 30 seconds of an edge-optimized API that is given. Needs `responseStreaming`.
   *
   * @default - 29 seconds, or the timeout if that is less
   */
  readonly firstByteTimeout?: Duration;

  /**
   * Longest silence in a streamed answer. A model that says nothing for longer has failed, and a caller who takes nothing for longer has
   * left. Up to the idle time-out of API Gateway: 5 minutes, or 30 seconds of an edge-optimized API that is given. Needs
   * `responseStreaming`.
   *
   * @default - one minute; 29 seconds of an edge-optimized API that is given
   */
  readonly idleTimeout?: Duration;

  /**
   * Memory of the router, MiB, 128 to 10240; it also sets its share of a CPU.
   *
   * @default 1024
   */
  readonly routerMemorySize?: number;

  /**
   * Network in which the router runs, and the mirrors of the endpoint, which ask models too: so that `Model.http` reaches private
   * addresses. From there they must reach AWS as well, by NAT or by VPC endpoints: DynamoDB always, and Lambda, SageMaker's runtime,
   * Bedrock's runtime, Secrets Manager or S3 as models, mirrors and secrets need them. Nothing else of the endpoint runs in it.
   *
   * @default - the router runs outside any network of yours
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Subnets of `vpc`. Public ones are refused: a function has no way out of them.
   *
   * @default - the network's private subnets with egress
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups in `vpc`; `endpoint.connections` has them.
   *
   * @default - a security group of the router's own that allows all outbound traffic
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Steady rate and burst for all callers together.
   *
   * @default - the account's limits
   */
  readonly throttle?: apigateway.ThrottleSettings;

  /**
   * Log each request, without bodies, as JSON.
   *
   * @default true
   */
  readonly accessLogs?: boolean;

  /**
   * Set the role with which API Gateway writes logs, a setting of the whole account and region. Turn it off where somebody else
   * takes care of it.
   *
   * @default - true with access logs
   */
  readonly cloudWatchRole?: boolean;

  /**
   * Trace requests with X-Ray.
   *
   * @default false
   */
  readonly tracing?: boolean;

  /**
   * Domain name of your own.
   *
   * @default - API Gateway's own address
   */
  readonly domainName?: apigateway.DomainNameOptions;

  /**
   * Let browsers call the endpoint from other origins. What API Gateway refuses by itself is readable by them too, in an API of the
   * endpoint's own.
   * Pages may send the endpoint's own headers unless `allowHeaders` says which they may, and read them whatever `exposeHeaders` adds.
   *
   * @default - browsers may not
   */
  readonly cors?: apigateway.CorsOptions;

  /**
   * Web ACL that filters requests.
   *
   * @default - none
   */
  readonly webAcl?: wafv2.IWebACLRef;

  /**
   * Media types of bodies that may be other than UTF-8 text. API Gateway sends them as base64, which leaves about 4.5 MB of the 6 MB that
   * Lambda takes. With a list of your own, texts keep the 6 MB; then a body of another type that is no UTF-8 is answered with 415, and an
   * answer that is none with 406 unless the caller's first `Accept` is in the list.
   *
   * @default - all: every body arrives as it was sent
   */
  readonly binaryMediaTypes?: string[];

  /**
   * How long the router's and the API's logs are kept.
   *
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * Key of yours for all that rests of the endpoint, and of the rollouts, mirrors, feedback and inference logs that are attached to it:
   * logs, tables, the functions' environment variables and snapshots, executions of the state machine, buckets, volumes of SageMaker's
   * instances. All endpoints of a stack share tables and functions, so each needs the same one. It is part of the digest of every version.
   * The key's policy is extended for the services; the policy of an imported key must allow them already, which a warning spells out.
   *
   * Not covered: metrics and alarms, and the logs of SageMaker's containers, which SageMaker makes itself.
   *
   * @default - keys that AWS owns
   */
  readonly encryptionKey?: kms.IKey;
}
