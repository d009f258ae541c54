import { assign } from '../../lib/core/routing/assign';
import { effectiveVariants, productionOf } from '../../lib/core/routing/effective';
import type { Measures } from '../../lib/core/routing/measures';
import type { Route, Target, Variant } from '../../lib/core/routing/route';
import { Header, routeKey } from '../../lib/core/names';
import type { Backend } from './backend';
import { ErrorCode, RouterError } from './errors';
import type { AttemptRecorder } from './metrics';
import { type Answer, failure, FailureClass, type Outcome } from './outcome';
import { fits } from './reply';
import { assignmentKey, checkInferenceId, type InferenceRequest, mayTarget } from './request';
import type { RouteCache } from './route-cache';

export interface RouterPorts {
  readonly endpoint: string;
  /** Milliseconds within which a request must be answered. */
  readonly timeoutMs: number;
  readonly routes: Pick<RouteCache, 'get' | 'refresh'>;
  readonly backends: { readonly [kind in Target['kind']]: Backend };
  readonly recorder: AttemptRecorder;
  /** Answers are streamed, so that none is too large to be returned. */
  readonly streams?: boolean;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

/** Who answered, and what. */
export interface Served {
  readonly variant: Variant;
  readonly outcome: Outcome;
  /** Milliseconds that the variant took. */
  readonly latencyMs: number;
  readonly route: Route;
  /** Everybody who was asked, the one who answered last. */
  readonly attempts: readonly ServedAttempt[];
  /** The caller chose the variant by name. */
  readonly targeted: boolean;
  /** Among whom the variant was chosen, with their weights at that time. */
  readonly eligible: readonly Variant[];
}

/** One variant, asked for one request. */
export interface ServedAttempt {
  readonly variant: Variant;
  readonly outcome: Outcome;
  readonly latencyMs: number;
  /** Another variant was asked instead. */
  readonly fellBack: boolean;
}

/**
 * Serve one request: choose the variant, call it, and let production answer whatever another variant cannot. Throws
 * {@link RouterError} for what never reaches a variant.
 */
export async function serve(request: InferenceRequest, ports: RouterPorts): Promise<Served> {
  const started = ports.clock();
  checkInferenceId(request);
  const route = await readRoute(request, ports);
  const { variant, targeted, eligible } = choose(request, route, ports.endpoint);
  const production = productionOf(route);
  const deadline = started + ports.timeoutMs;
  const call = new Call(request, route.measures, ports, started);
  const served = (answering: Variant, outcome: Outcome): Served =>
    ({ variant: answering, outcome, latencyMs: call.latencyMs, route, attempts: call.attempts, targeted, eligible });

  if (variant !== production && !targeted) {
    const outcome = await call.attempt(variant, Math.min(variant.timeBudgetMs, ports.timeoutMs));
    if (succeeded(outcome)) {
      call.record(false, true);
      return served(variant, outcome);
    }
    call.record(true, false);
  }
  const last = targeted ? variant : production;
  let outcome = await call.attempt(last, deadline - ports.clock());
  if (outcome.kind === 'failure' && !targeted) {
    const replacement = await retryTarget(outcome.class, production, request.alias, ports);
    if (replacement !== undefined && deadline - ports.clock() > 0) {
      call.record(false, false);
      outcome = await call.attempt(replacement, deadline - ports.clock());
      call.record(false, true);
      return served(replacement, outcome);
    }
  }
  call.record(false, true);
  return served(last, outcome);
}

async function readRoute(request: InferenceRequest, ports: RouterPorts): Promise<Route> {
  let route: Route | undefined;
  try {
    route = await ports.routes.get(request.alias);
  } catch (error) {
    ports.onFailure({ notice: 'route cannot be read and none is known', alias: request.alias, error: (error as Error).name });
    throw new RouterError(ErrorCode.NO_ROUTE, 'the route of this alias cannot be read at the moment');
  }
  if (route === undefined) {
    throw new RouterError(ErrorCode.ALIAS_NOT_FOUND, `there is no alias ${JSON.stringify(request.alias.slice(0, 64))}`);
  }
  if (route.access !== undefined && !mayTarget(request.caller, route.access)) {
    throw new RouterError(ErrorCode.ALIAS_NOT_ALLOWED, 'this caller may not use this alias');
  }
  return route;
}

function choose(request: InferenceRequest, route: Route, endpoint: string): { variant: Variant; targeted: boolean; eligible: readonly Variant[] } {
  const asked = request.headers.get(Header.TARGET_VARIANT);
  if (asked !== undefined) {
    if (!mayTarget(request.caller, route.targetVariantAccess)) {
      throw new RouterError(ErrorCode.TARGET_VARIANT_NOT_ALLOWED, 'this caller may not choose a variant');
    }
    const variant = route.variants.find(({ name }) => name === asked);
    if (variant === undefined) {
      throw new RouterError(ErrorCode.VARIANT_NOT_FOUND, `there is no variant ${JSON.stringify(asked.slice(0, 64))}`);
    }
    return { variant, targeted: true, eligible: [variant] };
  }
  const variants = effectiveVariants(route, Date.now());
  const variant =
    variants.length === 1
      ? variants[0]
      : assign(routeKey(endpoint, request.alias), assignmentKey(request, route.assignment), variants);
  const production = productionOf(route);
  return { variant: variant === undefined || variant.version === production.version ? production : variant, targeted: false, eligible: variants };
}

/** Which version to ask once more after production failed: the same after a lost connection, the new one if the route moved. */
async function retryTarget(
  failureClass: FailureClass, production: Variant, alias: string, ports: RouterPorts,
): Promise<Variant | undefined> {
  switch (failureClass) {
    case FailureClass.BACKEND:
      return production;
    case FailureClass.GONE: {
      const route = await ports.routes.refresh(alias);
      const current = route === undefined ? undefined : productionOf(route);
      return current?.version === production.version ? undefined : current;
    }
    default:
      return undefined;
  }
}

function succeeded(outcome: Outcome): outcome is Answer {
  return outcome.kind === 'answer' && outcome.status < 400;
}

/** The attempts of one request, and their bookkeeping. */
class Call {
  readonly attempts: ServedAttempt[] = [];
  private waited = 0;
  private pending: { variant: Variant; outcome: Outcome; latencyMs: number } | undefined;

  constructor(
    private readonly request: InferenceRequest,
    private readonly measures: Measures | undefined,
    private readonly ports: RouterPorts,
    private readonly started: number,
  ) {}

  /** Of the last attempt. */
  get latencyMs(): number {
    return this.pending?.latencyMs ?? 0;
  }

  async attempt(variant: Variant, budgetMs: number): Promise<Outcome> {
    const begun = this.ports.clock();
    const outcome = await this.invoke(variant, budgetMs);
    const latencyMs = this.ports.clock() - begun;
    this.waited += latencyMs;
    this.pending = { variant, outcome, latencyMs };
    return outcome;
  }

  /** Count the attempt just made; what came of it is only known once it is clear whether production had to help. */
  record(fellBack: boolean, final: boolean): void {
    const { variant, outcome, latencyMs } = this.pending!;
    this.attempts.push({ variant, outcome, latencyMs, fellBack });
    this.ports.recorder.record({
      alias: this.request.alias,
      variant,
      outcome,
      latencyMs,
      fellBack,
      ...(final ? { overheadMs: this.ports.clock() - this.started - this.waited } : {}),
      ...(this.measures === undefined ? {} : { measures: this.measures }),
    });
    if (outcome.kind === 'failure' && outcome.class !== FailureClass.CALLER) {
      this.ports.onFailure({
        notice: 'variant failed',
        alias: this.request.alias,
        variant: variant.name,
        version: variant.version,
        inferenceId: this.request.inferenceId,
        class: outcome.class,
        code: outcome.code,
        fellBack,
        latencyMs,
      });
    }
  }

  private async invoke(variant: Variant, budgetMs: number): Promise<Outcome> {
    const { target } = variant;
    if (this.request.body.byteLength > target.maxRequestBytes) {
      return failure(
        FailureClass.CALLER,
        ErrorCode.PAYLOAD_TOO_LARGE,
        `the body has ${this.request.body.byteLength} bytes; this model takes ${target.maxRequestBytes}`,
      );
    }
    if (budgetMs <= 0) {
      return failure(FailureClass.TIMEOUT, ErrorCode.TIMEOUT, 'no time was left to ask the model');
    }
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), budgetMs);
    try {
      const outcome = await this.ports.backends[target.kind].invoke(target, this.request, controller.signal);
      return outcome.kind === 'answer' && this.ports.streams !== true && !fits(outcome)
        ? failure(
            FailureClass.MODEL,
            ErrorCode.MODEL_ERROR,
            `the model's answer of ${outcome.body.byteLength} bytes is larger than Lambda can return`,
          )
        : outcome;
    } catch (error) {
      // A fault of our own in one backend must not keep production from answering.
      this.ports.onFailure({ notice: 'backend threw', variant: variant.name, error: (error as Error).name });
      return failure(FailureClass.BACKEND, ErrorCode.ROUTER_ERROR, 'the router failed to read the model\'s answer');
    } finally {
      clearTimeout(timer);
    }
  }
}
