import type { AskedRequest } from '../../lib/core/comparison/asked';
import { type ComparisonOutcome, saysNothing } from '../../lib/core/comparison/outcome';
import type { InferenceRecord } from '../../lib/core/inference-log/record';
import type { MirrorPlan } from '../../lib/core/mirroring/mirror-plan';
import type { MirroredRequest } from '../../lib/core/mirroring/mirrored-request';
import { binOf } from '../../lib/core/routing/measures';
import { Draw, uniform } from '../../lib/core/sampling';
import { routeKey } from '../../lib/core/names';
import { optional } from '../../lib/core/optional';
import type { Target } from '../../lib/core/backends/backends';
import type { Backends } from '../shared/backends/backends';
import type { Answer, Outcome } from '../shared/http/outcome';
import { type InferenceRequest, jsonBody } from '../shared/http/request';
import { type Bodies, bodiesOf, type TakeObject } from './bodies';
import type { JudgedPair } from './judge';
import type { Compared, MirrorRecorder } from './mirror-metrics';
import { shadowRecord } from './shadow-record';

export interface MirrorPorts {
  readonly plan: MirrorPlan;
  /** Compare two answers to a request, the earlier or production's first. */
  readonly compare: (production: Uint8Array, other: Uint8Array, request: AskedRequest) => JudgedPair | Promise<JudgedPair>;
  readonly backends: Backends;
  /** Production's second answer to a request, undefined if it gave none. */
  readonly askAgain: (target: Target, request: InferenceRequest, timeoutMs: number) => Promise<Uint8Array | undefined>;
  /** Whether this minute has room for another request. */
  readonly admit: () => Promise<boolean>;
  /** Takes bodies that the event had no room for. */
  readonly take: TakeObject;
  readonly recorder: MirrorRecorder;
  /** Write a record to the function's log. */
  readonly log: (record: InferenceRecord) => void;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Remember what the shadow predicted, for feedback; never rejects. */
  readonly remember: (event: MirroredRequest, outcome: Outcome | Error) => Promise<void>;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

/** Ask the shadow what production was asked, compare, and count. */
export async function mirror(event: MirroredRequest, ports: MirrorPorts): Promise<void> {
  const { plan, recorder } = ports;
  if (!(await ports.admit())) {
    recorder.dropped();
    return;
  }
  let bodies: Bodies;
  try {
    bodies = await bodiesOf(event, ports.take);
  } catch (error) {
    recorder.dropped();
    ports.onFailure({ inferenceId: event.inferenceId, problem: `the bodies are not there: ${(error as Error).name}` });
    return;
  }
  const request = requestOf(event, plan, bodies.request);
  const { answer } = bodies;
  const [{ outcome, latencyMs }, noise] = await Promise.all([askShadow(request, ports), noiseOf(event, request, answer, ports)]);
  const { outcome: compared, tokens } = await comparisonOf(ports, request, answer, outcome);
  const outputs = outputsOf(plan, answer, outcome);
  recorder.compared({
    outcome: compared,
    shadowLatencyMs: latencyMs,
    productionLatencyMs: event.production.latencyMs,
    ...(outputs === undefined ? {} : { outputs }),
    ...optional('judgeTokens', tokens),
  });
  if (noise !== undefined) {
    recorder.noise(noise);
  }
  await ports.remember(event, outcome);
  const record = shadowRecord(event, { request: request.body, production: answer, outcome, latencyMs, compared }, plan, ports.now());
  if (record !== undefined) {
    ports.log(record);
  }
}

async function askShadow(
  request: InferenceRequest,
  { plan, backends, clock }: MirrorPorts,
): Promise<{ outcome: Outcome | Error; latencyMs: number }> {
  const started = clock();
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), plan.timeoutMs);
  try {
    return { outcome: await backends[plan.target.kind].invoke(plan.target, request, late.signal), latencyMs: clock() - started };
  } catch (error) {
    return { outcome: error as Error, latencyMs: clock() - started };
  } finally {
    clearTimeout(timer);
  }
}

async function comparisonOf(
  { compare }: MirrorPorts, request: InferenceRequest, production: Uint8Array, shadow: Outcome | Error,
): Promise<JudgedPair> {
  const problem = shadow instanceof Error ? shadow.name : problemOf(shadow);
  return problem === undefined
    ? compare(production, (shadow as Answer).body, askedOf(request))
    : { outcome: { kind: 'shadow error', reason: problem } };
}

/** Production answered the same request with success. */
function problemOf(shadow: Outcome): string | undefined {
  if (shadow.kind === 'failure') {
    return shadow.code;
  }
  return shadow.status >= 400 ? `status ${shadow.status}` : undefined;
}

/** Where both answers fall; nothing where the shadow gave none, which is an error and no drift. */
function outputsOf({ outputs = [] }: MirrorPlan, production: Uint8Array, shadow: Outcome | Error): Compared['outputs'] {
  if (outputs.length === 0 || shadow instanceof Error || shadow.kind === 'failure' || shadow.status >= 400) {
    return undefined;
  }
  const [ofShadow, ofProduction] = [shadow.body, production].map((body) => jsonBody({ body }));
  return { Shadow: outputs.map((output) => binOf(output, ofShadow)), Production: outputs.map((output) => binOf(output, ofProduction)) };
}

/** How production's second answer compares with its first; undefined where it was not asked, did not answer, or could not be compared. */
async function noiseOf(
  event: MirroredRequest,
  request: InferenceRequest,
  first: Uint8Array,
  { plan, askAgain, compare }: MirrorPorts,
): Promise<ComparisonOutcome | undefined> {
  const { noise } = plan;
  if (noise === undefined || uniform(routeKey(plan.endpoint, plan.alias), event.inferenceId, Draw.NOISE) >= noise.share) {
    return undefined;
  }
  const second = await askAgain(event.production.target, request, plan.timeoutMs);
  const outcome = second === undefined ? undefined : (await compare(first, second, askedOf(request))).outcome;
  // A comparison that failed says nothing about production, and must not make room for the shadow's differences.
  return outcome === undefined || saysNothing(outcome) ? undefined : outcome;
}

function askedOf({ body, headers }: InferenceRequest): AskedRequest {
  const contentType = headers.get('content-type');
  return { body, ...(contentType === undefined ? {} : { contentType }) };
}

function requestOf(event: MirroredRequest, plan: MirrorPlan, body: Uint8Array): InferenceRequest {
  return {
    alias: plan.alias,
    inferenceId: event.inferenceId,
    headers: new Map(Object.entries(event.headers)),
    query: event.query,
    body,
    caller: { claims: {} },
  };
}
