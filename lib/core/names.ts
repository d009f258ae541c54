/** Names that constructs and handlers share. Each is written down here only. */

/** Environment variables of the handlers. */
export enum Env {
  /** Name of the DynamoDB table of route records. */
  TABLE = 'MODEL_ROLLOUT_TABLE',
  /** Router: the endpoint's name, first part of the record's key and a metric dimension. */
  ENDPOINT = 'MODEL_ROLLOUT_ENDPOINT',
  /** Router: milliseconds within which it must have answered. */
  TIMEOUT_MS = 'MODEL_ROLLOUT_TIMEOUT_MS',
  /** Streaming router: milliseconds within which an answer must have ended, and how long neither model nor caller may be silent. */
  STREAM_TIMEOUT_MS = 'MODEL_ROLLOUT_STREAM_TIMEOUT_MS',
  IDLE_TIMEOUT_MS = 'MODEL_ROLLOUT_IDLE_TIMEOUT_MS',
  /** Router: set where the models generate, so that tokens are counted. */
  GENERATIVE = 'MODEL_ROLLOUT_GENERATIVE',
  /** Router: the aliases that are models of OpenAI's shape, as a JSON list; unset means that the endpoint does not have that shape. */
  OPEN_AI = 'MODEL_ROLLOUT_OPEN_AI',
  /** Key authorizer: ARN of the secret with the keys. */
  KEYS = 'MODEL_ROLLOUT_KEYS',
  /** Router and feedback: a CorsPlan as JSON; unset means that no CORS header is sent. */
  CORS = 'MODEL_ROLLOUT_CORS',
  /** Router: the API's binary media types as a JSON list; unset means all, or that they are not known. */
  BINARY_MEDIA_TYPES = 'MODEL_ROLLOUT_BINARY_MEDIA_TYPES',
  /** Name of the DynamoDB table of rollouts. */
  ROLLOUTS_TABLE = 'MODEL_ROLLOUT_ROLLOUTS_TABLE',
  /** ARN of the state machine that controls rollouts. */
  STATE_MACHINE = 'MODEL_ROLLOUT_STATE_MACHINE',
  /** JWT authorizer: what tokens must say of their issuer. */
  JWT_ISSUER = 'MODEL_ROLLOUT_JWT_ISSUER',
  /** JWT authorizer: what tokens must say of their audience. */
  JWT_AUDIENCE = 'MODEL_ROLLOUT_JWT_AUDIENCE',
  /** JWT authorizer: where the issuer's keys are. */
  JWT_JWKS_URI = 'MODEL_ROLLOUT_JWT_JWKS_URI',
  /** Router: set where a mirror takes bodies through a bucket, so that the client for it is loaded when the function starts. */
  LARGE_BODIES = 'MODEL_ROLLOUT_LARGE_BODIES',
  /** Router that returns its answers: set where something is left to do after them, so that the function asks Lambda for the time. */
  AFTERWARDS = 'MODEL_ROLLOUT_AFTERWARDS',
  /** Mirror: a MirrorPlan as JSON. */
  MIRROR = 'MODEL_ROLLOUT_MIRROR',
  /** Mirror: name of the DynamoDB table that counts the requests of a minute and judgements of a day; unset: neither is bounded. */
  MIRROR_TABLE = 'MODEL_ROLLOUT_MIRROR_TABLE',
  /** Mirror: the bucket with the bodies that events have no room for; unset means that there is none. */
  MIRROR_BUCKET = 'MODEL_ROLLOUT_MIRROR_BUCKET',
  /** Evidence hook and alarm: an EvidenceHookPlan or EvidenceAlarmPlan as JSON. */
  HOOK = 'MODEL_ROLLOUT_HOOK',
}

/** CloudWatch metrics that the router publishes for each variant. */
export const METRIC_NAMESPACE = 'ModelRollout';

/** Dimensions: {Endpoint, Alias, Variant} for people, {Endpoint, Alias, Version} for judging versions. */
export enum Dimension {
  ENDPOINT = 'Endpoint',
  ALIAS = 'Alias',
  VARIANT = 'Variant',
  VERSION = 'Version',
  /** A shadow's name, in the place of a variant's: {Endpoint, Alias, Shadow}, and {Endpoint, Alias, Shadow, Version}. */
  SHADOW = 'Shadow',
  /** Name of an alarm on evidence of a deployment that somebody else makes. */
  EVIDENCE_ALARM = 'EvidenceAlarm',
}

/** A request counts for the variant that it was assigned to, once, with its final outcome there. */
export enum Metric {
  /** Requests that were assigned to the variant, or whose caller chose it. */
  INVOCATIONS = 'Invocations',
  /**
   * Conversations that began with a request of these, where conversations stay with their version: each is assigned by itself, and its
   * requests are not.
   */
  CONVERSATIONS = 'Conversations',
  /** Requests of those who get a candidate before anybody else; in none of the counts of a version. */
  COHORT_INVOCATIONS = 'CohortInvocations',
  /** Those of them that it failed. */
  COHORT_FAILURES = 'CohortFailures',
  /** Requests of conversations that had begun before the versions had the shares that they have; in none of the counts of a version. */
  EARLIER_INVOCATIONS = 'EarlierInvocations',
  /** The model answered that it failed (424), answered something that is no answer, or refused what production did not. */
  MODEL_ERRORS = 'ModelErrors',
  /** The variant exceeded its time budget. */
  TIMEOUTS = 'Timeouts',
  /** The variant's backend refused the request for lack of capacity. */
  THROTTLES = 'Throttles',
  /** The backend could not be reached or is gone. */
  BACKEND_ERRORS = 'BackendErrors',
  /** Failures of all four kinds above; in high resolution, as Invocations are. */
  FAILURES = 'Failures',
  /** Refused as the caller's mistake (4xx other than 424 and 429): by production too, if it was asked. */
  CLIENT_ERRORS = 'ClientErrors',
  /** Requests that production was asked because this variant could not answer. */
  FALLBACKS = 'Fallbacks',
  /**
   * Requests of other variants that this one, production, was asked in their place, or beside them when half of the time was over; in
   * none of the counts above.
   */
  FALLBACK_INVOCATIONS = 'FallbackInvocations',
  /** Those of them that it failed as well, so that the caller had no answer. */
  FALLBACK_FAILURES = 'FallbackFailures',
  /** How often the variant was asked again, after its backend could not be reached. */
  RETRIES = 'Retries',
  /** Milliseconds until the variant's answer; until its first part where it is streamed. */
  MODEL_LATENCY = 'ModelLatency',
  /** Milliseconds from the first part of a streamed answer to its last. */
  STREAM_DURATION = 'StreamDuration',
  /** Streamed answers that ended before they were complete, after their first part; among the failures too. */
  MID_STREAM_ERRORS = 'MidStreamErrors',
  /** Complete answers of a generative model: what the following are of. */
  GENERATIONS = 'Generations',
  /** Milliseconds until the first token of a streamed answer: its first text, reasoning, or call of a tool. */
  FIRST_TOKEN_LATENCY = 'FirstTokenLatency',
  /** Milliseconds from a token to the next in a streamed answer, on average, the time that its caller took left out. */
  TIME_PER_TOKEN = 'TimePerToken',
  /** Tokens of a request, those from a cache included. */
  TOKENS_IN = 'TokensIn',
  /** Tokens of an answer, reasoning included. */
  TOKENS_OUT = 'TokensOut',
  /** Answers whose tokens, in or out, the model did not tell: counted by bytes. */
  ESTIMATED_TOKENS = 'EstimatedTokens',
  /** Milliseconds that the router added. */
  OVERHEAD_LATENCY = 'OverheadLatency',
  /** The candidate's share during a rollout, percent; published by the controller for {Endpoint, Alias}. */
  CANDIDATE_WEIGHT = 'CandidateWeight',
  /**
   * Natural logarithm of a rollout's combined e-value; published by the controller for {Endpoint, Alias}, and by the function of an
   * `EvidenceAlarm` for {EvidenceAlarm}.
   */
  LOG_EVIDENCE = 'LogEvidence',
}

/** Complete answers of a generative model that ended for a reason. */
export function finishedMetric(reason: string): string {
  return `Finished${reason[0].toUpperCase()}${reason.slice(1)}`;
}

/** CloudWatch metrics of each shadow. The router publishes the first three, the mirror the others. */
export enum ShadowMetric {
  /** Requests handed over to the mirror. */
  MIRRORED = 'Mirrored',
  /**
   * Requests that were chosen but are not compared: too large, not handed over in time, beyond the bound of a minute, or without their
   * bodies.
   */
  DROPPED = 'MirrorDropped',
  /** Milliseconds that a caller waited for the hand-over. */
  HAND_OVER_LATENCY = 'HandOverLatency',
  /** Requests that the shadow was asked: agreements, differences, schema differences, shadow errors and comparison errors together. */
  COMPARISONS = 'Comparisons',
  /** Answers that agree, by the mirror's comparison. */
  AGREEMENTS = 'Agreements',
  /** Answers that do not. */
  DIFFERENCES = 'Differences',
  /** Answers that are built differently, so that there is nothing to compare. */
  SCHEMA_DIFFERENCES = 'SchemaDifferences',
  /** Requests that the shadow did not answer. */
  SHADOW_ERRORS = 'ShadowErrors',
  /** Answers that the function of a custom comparison, or a judge, failed to compare. */
  COMPARISON_ERRORS = 'ComparisonErrors',
  /** Pairs of answers of which a judge said which is better, and requests that the shadow alone failed to answer. */
  JUDGED = 'Judged',
  /** Those of them that the shadow won. */
  WINS = 'Wins',
  /** Those of them that production won. */
  LOSSES = 'Losses',
  /** Pairs that a judge was not asked about, because it may not be asked more in a day. */
  NOT_JUDGED = 'NotJudged',
  /** Pairs of which a judge preferred the same place in both orders, which says nothing of the answers. */
  JUDGE_CONTRADICTIONS = 'JudgeContradictions',
  /** Tokens in and out that a model took to judge a pair. */
  JUDGE_TOKENS = 'JudgeTokens',
  /** Requests that both answered, whose answers are sorted into the bins of {@link outputMetric}. */
  OUTPUTS = 'Outputs',
  /** Milliseconds until the shadow's answer. */
  SHADOW_LATENCY = 'ShadowLatency',
  /** Milliseconds until production's answer to the same requests. */
  PRODUCTION_LATENCY = 'ProductionLatency',
  /** How far the answers are apart, in the comparison's unit. */
  DIFFERENCE = 'DifferenceSize',
  /** Requests that production was asked a second time. */
  NOISE_COMPARISONS = 'NoiseComparisons',
  /** Those of them that it answered differently. */
  NOISE_DIFFERENCES = 'NoiseDifferences',
  /** Requests that shadow and production both answered and whose label is known, at the time of the inference. */
  LABELLED_PAIRS = 'LabelledPairs',
  /** Those of them that only the shadow got wrong. */
  ONLY_SHADOW_WRONG = 'OnlyShadowWrong',
  /** Those of them that only production got wrong. */
  ONLY_PRODUCTION_WRONG = 'OnlyProductionWrong',
}

/**
 * CloudWatch metrics of what callers told later about answers, at the time of the inference: sums, to which a correction adds what it
 * changes.
 */
export enum FeedbackMetric {
  /** Inferences of which the outcome is known. */
  OUTCOMES = 'FeedbackOutcomes',
  /** Those of them that were wrong. */
  WRONG = 'FeedbackWrong',
  /** Sum of their ratings, where ratings are told: then none is right or wrong. */
  RATINGS = 'FeedbackRatings',
  /**
   * Inferences of the sample that could not be recorded, for {Endpoint, Alias}: feedback on them is unknown. No data where there are
   * none.
   */
  LOST = 'FeedbackLost',
}

/** Where in a mirror's bucket the bodies are. */
export const BODIES_PREFIX = 'bodies/';

/** Requests that a router counted by a route's measures: the total of the following two. */
export const MEASURED_REQUESTS = 'MeasuredRequests';

/** Those of them whose answer has a first token, and a time from one token to the next. */
export const MEASURED_FIRST_TOKENS = 'MeasuredFirstTokens';
export const MEASURED_TOKEN_TIMES = 'MeasuredTokenTimes';

/** Requests slower than a threshold of the route's measures, by its index. */
export function slowMetric(threshold: number): string {
  return `SlowRequests${threshold + 1}`;
}

/** Measured requests whose answer a model generated to its end: the total of the sums. */
export const MEASURED_GENERATIONS = 'MeasuredGenerations';

/** Tokens, or what they cost, of one of the route's measures, by its index. */
export function sumMetric(measure: number): string {
  return `MeasuredSum${measure + 1}`;
}

/** Answers that should follow one of the route's schemas, by its index, and those that break it. */
export function schemaMetric(measure: number, count: 'Answers' | 'Broken'): string {
  return `Schema${measure + 1}${count}`;
}

/** Answers in a bin of one of the route's measures, by their indices. */
export function binMetric(measure: number, bin: number): string {
  return `Predictions${measure + 1}Bin${bin + 1}`;
}

/** Whose answers a mirror sorts into bins. */
export type OutputSide = 'Shadow' | 'Production';

/** Answers of a shadow, or of production to the same requests, in a bin of one of the mirror's outputs, by their indices. */
export function outputMetric(side: OutputSide, output: number, bin: number): string {
  return `${side}Outputs${output + 1}Bin${bin + 1}`;
}

/** Names of the two variants of an alias with one model, and of metrics of its rollouts. */
export enum VariantName {
  PRODUCTION = 'production',
  CANDIDATE = 'candidate',
  /** Production's version started anew, while a rollout compares with it. */
  CONTROL = 'control',
}

/** Events that the controller puts on the account's default bus. */
export enum RolloutEvent {
  SOURCE = 'cdk-model-rollout',
  DECISION = 'Model Rollout Decision',
}

/** Construct ids of what a stack's endpoints share. */
export enum ControlPlaneId {
  /** In the stack itself, beside the user's own constructs: no one else writes such an id. */
  ROOT = '@ModelRollout',
  /** Table of route records. */
  ROUTES = 'Routes',
  /** Table of rollouts. */
  ROLLOUTS = 'Rollouts',
  /** Table of what routers count by key. */
  COUNTERS = 'Counters',
  GATE = 'Gate',
  CONTROLLER = 'Controller',
  /** State machine. */
  MACHINE = 'Machine',
  ABORT = 'Abort',
  OPERATE = 'Operate',
}

/** The beginning of the logical ids of what a stack's endpoints share, by which the command line finds it among the stack's resources. */
export const CONTROL_PLANE_PREFIX = ControlPlaneId.ROOT.replaceAll(/[^A-Za-z0-9]/g, '');

/** Attributes of the counters with which a mirror bounds the requests of a minute and the judgements of a day. */
export enum BudgetAttribute {
  /** Partition key: minutes since the epoch; of days the number of days, below zero. */
  MINUTE = 'minute',
  REQUESTS = 'requests',
  /** Tokens of a day that judging took. */
  TOKENS = 'tokens',
  /** Time to live, epoch seconds. */
  EXPIRES = 'expires',
}

/** Attributes of what routers count by key. */
export enum CounterAttribute {
  /** Partition key: see {@link routeKey}. */
  ALIAS = 'alias',
  /** Sort key: see {@link counterItem}. */
  ITEM = 'item',
  /** Time to live, epoch seconds. */
  EXPIRES = 'expires',
}

/** Sort key of what a counter counted in a minute; in the order of time. */
export function counterItem(counter: string, at: number): string {
  return `${counter}#${String(Math.floor(at / 60_000)).padStart(10, '0')}`;
}

/** Attributes of requests, of failures, and of requests slower than a threshold, of a version in a cell. */
export function countAttribute(tag: string, outcome: 'requests' | 'failures' | number, cell: number): string {
  if (typeof outcome === 'number') {
    return `${tag}s${outcome}_${cell}`;
  }
  return `${tag}${outcome === 'requests' ? 'n' : 'x'}${cell}`;
}

/** Attribute of the value that the candidate failed most in a cell. */
export function cellNameAttribute(cell: number): string {
  return `v${cell}`;
}

/** Attributes of what is remembered of an inference. */
export enum InferenceAttribute {
  /** Partition key: the inference id. */
  INFERENCE = 'inference',
  REVISION = 'revision',
  /** As JSON. */
  CONTENT = 'content',
  /** Time to live, epoch seconds. */
  EXPIRES = 'expires',
}

/** Attributes of a route record. */
export enum RouteAttribute {
  /** Partition key: see {@link routeKey}. */
  KEY = 'alias',
  REVISION = 'revision',
  /** The route as JSON, without its revision. */
  ROUTE = 'route',
  /** Whose the record is, as JSON. */
  MEMORY = 'memory',
}

/** Partition key of an alias's route record. */
export function routeKey(endpoint: string, alias: string): string {
  return `${endpoint}/${alias}`;
}

/** Endpoint and alias of a route's key. */
export function endpointAndAlias(key: string): [endpoint: string, alias: string] {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}

/** What stands before a function's name where its versions are reached by an alias of its own; no endpoint has such a name. */
const VERSIONS_OF = 'lambda:';

/** Key of the record of an alias of a Lambda function. */
export function aliasKey(functionName: string, alias: string): string {
  return routeKey(`${VERSIONS_OF}${functionName}`, alias);
}

/** The function whose alias a key's endpoint stands for; undefined for an endpoint with a router. */
export function versionsFunction(endpoint: string): string | undefined {
  return endpoint.startsWith(VERSIONS_OF) ? endpoint.slice(VERSIONS_OF.length) : undefined;
}

/** Wire names are SageMaker's own, in the lower case in which Lambda sees them. */
export enum Header {
  /** Id of the inference: the caller's, up to 64 visible characters, or one that is given; every answer has it. */
  INFERENCE_ID = 'x-amzn-sagemaker-inference-id',
  /** The variant that is to answer, for callers whom `targetVariantAccess` allows that. */
  TARGET_VARIANT = 'x-amzn-sagemaker-target-variant',
  /** For the model, and back from it. */
  CUSTOM_ATTRIBUTES = 'x-amzn-sagemaker-custom-attributes',
  /** The session or conversation that a request belongs to; `NEW_SESSION` opens one. */
  SESSION_ID = 'x-amzn-sagemaker-session-id',
  /** The model of a SageMaker endpoint with several. */
  TARGET_MODEL = 'x-amzn-sagemaker-target-model',
  /** The container of a SageMaker endpoint with several. */
  TARGET_CONTAINER = 'x-amzn-sagemaker-target-container-hostname',
  /** Whether SageMaker Clarify explains the answer. */
  ENABLE_EXPLANATIONS = 'x-amzn-sagemaker-enable-explanations',
  /** The inference component: the alias chooses it, so another one is refused. */
  INFERENCE_COMPONENT = 'x-amzn-sagemaker-inference-component',
  /** Requests with the same id go to the same instance of SageMaker, for its cache. */
  PREFIX_AWARE_ID = 'x-amzn-sagemaker-prefix-aware-id',
  /** In an answer: the session that was opened, to be sent back. */
  NEW_SESSION_ID = 'x-amzn-sagemaker-new-session-id',
  /** In an answer: the session that is over. */
  CLOSED_SESSION_ID = 'x-amzn-sagemaker-closed-session-id',
  /** Class of an error, by which AWS's SDKs choose their exception. */
  ERROR_TYPE = 'x-amzn-errortype',
  /** AWS's SDKs send it with every request. */
  SDK_INVOCATION = 'amz-sdk-invocation-id',
  /** They say in it how often they have tried: `attempt=2; max=3`. */
  SDK_REQUEST = 'amz-sdk-request',
  /** What `Accept` says elsewhere, of a request for a stream of events. */
  STREAM_ACCEPT = 'x-amzn-sagemaker-accept',
  /** In a stream of events: the type of what the events are the parts of. */
  STREAM_CONTENT_TYPE = 'x-amzn-sagemaker-content-type',
  /** Clients of OpenAI's shape say in it how often they have tried again. */
  RETRIES = 'x-stainless-retry-count',
  /** In an answer: the variant that gave it. */
  INVOKED_VARIANT = 'x-amzn-invoked-production-variant',
}
