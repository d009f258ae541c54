import { setTimeout as pause } from 'node:timers/promises';
import { assign } from '../../lib/core/routing/assign';
import type { Generation } from '../../lib/core/generation/generation';
import { assignByCell } from '../../lib/core/routing/assign-by-cell';
import { effectiveVariants, productionOf } from '../../lib/core/routing/effective';
import type { Measures } from '../../lib/core/routing/measures';
import type { Route, Variant } from '../../lib/core/routing/route';
import { reserveAfterMs } from '../../lib/core/routing/time-budget';
import { Header, routeKey } from '../../lib/core/names';
import type { Backends } from '../shared/backends/backends';
import { ErrorCode, RouterError } from '../shared/http/errors';
import type { Asked as AskedGeneration, GenerationOnTheWay } from './generation';
import type { KeyedCounts } from './keyed-counts';
import type { AttemptRecorder } from './metrics';
import { type Answer, failure, FailureClass, failureOf, isSuccess, type Outcome } from '../shared/http/outcome';
import { fits } from '../shared/http/reply';
import { asModelsSee, type Conversation, conversationHeaders, conversationOf, livesIn } from '../shared/http/conversation';
import { assignmentKey, checkRequest, type InferenceRequest, isOfCohort, mayTarget } from '../shared/http/request';
import type { RetryBudget } from './retry-budget';
import { sessionVariant } from '../shared/http/session';
import type { RouteCache } from '../shared/routes/route-cache';
import { Part, type Served, type ServedAttempt } from './served';
import { begun } from './streaming/begun';
import type { Delivery } from './streaming/deliver';

/** Between a failure of a service and the second try, milliseconds; up to twice that. */
const LEAST_PAUSE_MS = 50;

export interface RouterPorts {
  readonly endpoint: string;
  /** Milliseconds within which a request must be answered, or the answer have begun where it is streamed. */
  readonly timeoutMs: number;
  readonly routes: Pick<RouteCache, 'get' | 'refresh'>;
  readonly backends: Backends;
  readonly recorder: AttemptRecorder;
  readonly keyed: Pick<KeyedCounts, 'count'>;
  readonly retries: RetryBudget;
  /** Answers are streamed, as models send them and however long; absent where they are returned. */
  readonly streaming?: {
    /** Aborted when the caller does not wait any longer. */
    readonly left: AbortSignal;
  };
  /** Reads what a model generated in an answer that came as a whole; absent where models do not generate. */
  readonly generated?: (answer: Answer, asked: AskedGeneration) => Generation;
  readonly onFailure: (details: { readonly [name: string]: unknown }) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

/**
 * Serve one request: choose the variant, call it, and let production answer whatever another variant cannot. Throws
 * {@link RouterError} for what never reaches a variant. Counts what became of it.
 */
export async function serve(request: InferenceRequest, ports: RouterPorts): Promise<Served> {
  const served = await begin(request, ports);
  account(request, served, ports);
  return served;
}

/** As {@link serve}, up to where an answer begins; what becomes of it is still to be counted. */
export async function begin(request: InferenceRequest, ports: RouterPorts): Promise<Served> {
  const startedAt = ports.clock();
  checkRequest(request);
  const route = await readRoute(request, ports);
  const now = Date.now();
  const scope = routeKey(ports.endpoint, request.alias);
  const variants = effectiveVariants(route, now);
  const conversation = conversationOf(request, route, scope, variants, now);
  const asked = conversation === undefined ? request : asModelsSee(request, conversation);
  const { variant, part: chosen, eligible } = choose(asked, route, scope, variants, conversation);
  const targeted = chosen === Part.CHOSEN;
  const production = productionOf(route);
  const call = new Call(asked, ports, startedAt + ports.timeoutMs);
  const attempts: ServedAttempt[] = [];
  const askedAt = ports.clock();
  const part = chosen === Part.ASSIGNED && isRepeated(request) ? Part.REPEATED : chosen;
  if (targeted) {
    attempts.push(judged(await call.ask(variant), Part.CHOSEN));
  } else if (variant === production) {
    attempts.push(judged(await call.askProduction(production), part));
  } else {
    const { own, instead } = await call.askWithReserve(variant, production);
    if (instead === undefined) {
      attempts.push(judged(own, part));
    } else {
      attempts.push({ ...judged(own, part, instead.outcome), fellBack: true }, judged(instead, Part.FALLBACK));
    }
  }
  const overheadMs = askedAt - startedAt;
  const { variant: answering, part: served, outcome, latencyMs } = attempts[attempts.length - 1];
  const whole = { variant: answering, part: served, outcome, latencyMs, overheadMs, startedAt, route, attempts, targeted, eligible };
  // Who chooses a variant for each request has no conversation that could stay.
  return conversation === undefined || targeted ? whole : inConversation(whole, conversation, scope, now);
}

/** What was served as a part of its conversation. */
function inConversation(served: Served, conversation: Conversation, scope: string, now: number): Served {
  const { attempts: [own, ...others], variant, outcome, route } = served;
  const turn = { assigned: own.variant.version, answering: variant.version, headers: outcome.kind === 'answer' ? outcome.headers : {} };
  return {
    ...served,
    attempts: [{ ...own, opens: !conversation.live }, ...others],
    conversation: conversationHeaders(conversation, turn, route, scope, now),
  };
}

/** What was served, by what became of the answer after it had begun. A caller who left says nothing of who answered. */
export function ended(
  served: Served, { body, bytes, tookMs, left, broken }: Omit<Delivery, 'torn'>, generating?: GenerationOnTheWay,
): Served {
  const { outcome, attempts } = served;
  const others = attempts.slice(0, -1);
  const last = attempts[attempts.length - 1];
  if (left) {
    return { ...served, attempts: others };
  }
  if (outcome.kind !== 'answer' || outcome.rest === undefined) {
    return served;
  }
  const { rest: _, ...answer } = outcome;
  const stream = { tookMs, broken: broken !== undefined };
  const whole: Outcome = broken ?? { ...answer, body, ...(bytes > body.byteLength && { bytes }) };
  const what = broken === undefined ? { ...(generating && { generation: generating.end(body, bytes) }) } : { failed: broken.class };
  return { ...served, outcome: whole, attempts: [...others, { ...last, outcome: whole, stream, ...what }] };
}

/** Count what became of a request at everybody who was asked. */
export function account(request: InferenceRequest, served: Served, ports: RouterPorts): void {
  const { route, overheadMs } = served;
  const attempts = served.attempts.map((attempt) => withGeneration(attempt, askedOf(request, route), ports));
  count(attempts, request, route.measures, ports, overheadMs);
  ports.keyed.count(request, attempts, route);
}

/** What is to be known of a generated answer beside itself. */
export function askedOf({ body }: InferenceRequest, { measures }: Pick<Route, 'measures'>): AskedGeneration {
  return { requestBytes: body.byteLength, schemas: measures?.schemas ?? [] };
}

/** What is known of an answer that came as a whole; of another what was found on the way. */
function withGeneration(attempt: ServedAttempt, asked: AskedGeneration, { generated }: RouterPorts): ServedAttempt {
  const { outcome, generation, failed } = attempt;
  return generated === undefined || generation !== undefined || failed !== undefined || !isSuccess(outcome)
    ? attempt
    : { ...attempt, generation: generated(outcome, asked) };
}

function judged(asked: Asked, part: Part, production?: Outcome): ServedAttempt {
  const failed = failureOf(asked.outcome, production);
  return { ...asked, part, fellBack: false, ...(failed === undefined ? {} : { failed }) };
}

function count(
  attempts: readonly ServedAttempt[],
  { alias, inferenceId }: InferenceRequest,
  measures: Measures | undefined,
  ports: RouterPorts,
  overheadMs: number,
): void {
  attempts.forEach((attempt, index) => {
    const last = index === attempts.length - 1;
    ports.recorder.record({ ...attempt, alias, ...(last ? { overheadMs } : {}), ...(measures === undefined ? {} : { measures }) });
    const {
      variant: { name, version },
      outcome,
      failed,
      fellBack,
      latencyMs,
    } = attempt;
    if (failed !== undefined) {
      ports.onFailure({
        notice: 'variant failed',
        alias,
        variant: name,
        version,
        inferenceId,
        class: failed,
        code: outcome.kind === 'failure' ? outcome.code : `status ${outcome.status}`,
        fellBack,
        latencyMs,
      });
    }
  });
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

/**
 * Whether the caller's SDK has sent this request before. What makes it try again is a failure, which was counted: each further try would
 * make more of the same. AWS's SDKs and OpenAI's clients say so; of others nobody knows.
 */
function isRepeated({ headers }: InferenceRequest): boolean {
  return Number(/\battempt=(\d+)/.exec(headers.get(Header.SDK_REQUEST) ?? '')?.[1]) > 1
    || Number(headers.get(Header.RETRIES)) > 0;
}

/** The variant that a request is for, and what it is to it. */
interface Choice {
  readonly variant: Variant;
  readonly part: Part.ASSIGNED | Part.EARLIER | Part.COHORT | Part.CHOSEN;
  /** Among whom it was chosen. */
  readonly eligible: readonly Variant[];
}

function choose(
  request: InferenceRequest, route: Route, scope: string, variants: readonly Variant[], conversation: Conversation | undefined,
): Choice {
  const asked = request.headers.get(Header.TARGET_VARIANT);
  if (asked !== undefined) {
    return { ...targetOf(asked, request, route), part: Part.CHOSEN };
  }
  const lives = conversation && livesIn(conversation, variants);
  const candidate = route.rollout === undefined ? undefined : variants.find(({ role }) => role === 'candidate');
  const isFirst = candidate !== undefined && route.cohort !== undefined && isOfCohort(request, route.cohort);
  if (lives !== undefined || isFirst) {
    const variant = lives ?? candidate!;
    const since = candidate === undefined ? -Infinity : (route.rollout?.sharesSince ?? -Infinity);
    const isEarlier = lives !== undefined && conversation!.sent!.claims.openedAt < since;
    return { variant, part: partOf(isFirst, isEarlier), eligible: [variant] };
  }
  const variant =
    variants.length === 1
      ? variants[0]
      : (sessionVariant(request.session, variants) ?? assigned(scope, assignmentKey(request, route.assignment), route, variants));
  const production = productionOf(route);
  return {
    variant: variant === undefined || variant.version === production.version ? production : variant,
    part: Part.ASSIGNED,
    eligible: variants,
  };
}

function partOf(isFirst: boolean, isEarlier: boolean): Part.ASSIGNED | Part.EARLIER | Part.COHORT {
  if (isFirst) {
    return Part.COHORT;
  }
  return isEarlier ? Part.EARLIER : Part.ASSIGNED;
}

function targetOf(name: string, request: InferenceRequest, route: Route): Pick<Choice, 'variant' | 'eligible'> {
  if (!mayTarget(request.caller, route.targetVariantAccess)) {
    throw new RouterError(ErrorCode.TARGET_VARIANT_NOT_ALLOWED, 'this caller may not choose a variant');
  }
  const variant = route.variants.find((each) => each.name === name);
  if (variant === undefined) {
    throw new RouterError(ErrorCode.VARIANT_NOT_FOUND, `there is no variant ${JSON.stringify(name.slice(0, 64))}`);
  }
  return { variant, eligible: [variant] };
}

/** The variant that serves a key: in a rollout that compares callers by cells each cell goes to one version, else each key by itself. */
function assigned(scope: string, key: string, { rollout }: Route, variants: readonly Variant[]): Variant | undefined {
  const [production, ...others] = variants;
  const candidate = others.find(({ role }) => role === 'candidate');
  return rollout?.byCells === true && candidate !== undefined
    ? assignByCell(scope, key, { production, candidate, control: others.find(({ role }) => role === 'control') })
    : assign(scope, key, variants);
}

/** What a variant made of a request, and what that took. */
interface Asked {
  readonly variant: Variant;
  readonly outcome: Outcome;
  readonly latencyMs: number;
  readonly retries: number;
}

/** The calls that are made for one request. */
class Call {
  constructor(
    private readonly request: InferenceRequest,
    private readonly ports: RouterPorts,
    /** When the request must have been answered. */
    private readonly deadline: number,
  ) {}

  /**
   * Ask a variant in the time that it has, and production if it does not answer. A version that is as slow as production needs all of the
   * time that production has; so that production still has half of it, it is asked at half-time, beside the variant. Its answer is kept
   * until the variant has had its chance, for else nobody would know what came of that: a version that hangs must not look like one that
   * was slower than production once.
   */
  async askWithReserve(variant: Variant, production: Variant): Promise<{ readonly own: Asked; readonly instead?: Asked }> {
    const { ports: { clock, timeoutMs, recorder }, deadline, request: { alias } } = this;
    const unneeded = new AbortController();
    let reserve: Promise<Asked> | undefined;
    const askReserve = (): Promise<Asked> => (reserve ??= this.askProduction(production, unneeded.signal));
    const halfTime = setTimeout(() => void askReserve(), deadline - timeoutMs + reserveAfterMs(timeoutMs) - clock());
    const own = await this.ask(variant, variant.timeBudgetMs);
    clearTimeout(halfTime);
    if (!isSuccess(own.outcome)) {
      return { own, instead: await askReserve() };
    }
    if (reserve !== undefined) {
      unneeded.abort();
      recorder.reserved({ alias, variant: production });
    }
    return { own };
  }

  /**
   * Ask a variant, once more if its backend could not be reached: at once where a connection was lost, after a pause where the service
   * failed.
   */
  async ask(variant: Variant, budgetMs: number = Infinity, unneeded?: AbortSignal): Promise<Asked> {
    const { ports: { clock, retries: budget }, deadline } = this;
    const until = Math.min(deadline, clock() + budgetMs);
    let [begun, retries] = [clock(), 0];
    const invoke = (): Promise<Outcome> =>
      this.invoke(
        variant,
        until - begun,
        () => {
          [begun, retries] = [clock(), retries + 1];
        },
        unneeded,
      );
    budget.earn(variant);
    let outcome = await invoke();
    if (retries === 0 && outcome.kind === 'failure' && outcome.class === FailureClass.BACKEND) {
      const pauseMs = LEAST_PAUSE_MS * (1 + Math.random());
      if (clock() + pauseMs < until && budget.take(variant)) {
        await pause(pauseMs);
        [begun, retries] = [clock(), 1];
        outcome = await invoke();
      }
    }
    return { variant, outcome, latencyMs: clock() - begun, retries };
  }

  /** Ask production, and the one that the route has now if that has gone: then the request was never its own. */
  async askProduction(production: Variant, unneeded?: AbortSignal): Promise<Asked> {
    const asked = await this.ask(production, Infinity, unneeded);
    if (asked.outcome.kind === 'answer' || asked.outcome.class !== FailureClass.GONE) {
      return asked;
    }
    const route = await this.ports.routes.refresh(this.request.alias);
    const current = route === undefined ? undefined : productionOf(route);
    if (current === undefined || current.version === production.version || this.ports.clock() >= this.deadline) {
      return asked;
    }
    const again = await this.ask(current, Infinity, unneeded);
    return { ...again, retries: again.retries + asked.retries + 1 };
  }

  private async invoke(variant: Variant, budgetMs: number, onRetry: () => void, unneeded?: AbortSignal): Promise<Outcome> {
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
    const { streaming, backends } = this.ports;
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    const timer = setTimeout(stop, budgetMs);
    for (const signal of [unneeded, streaming?.left]) {
      signal?.addEventListener('abort', stop, { once: true });
      if (signal?.aborted === true) {
        stop();
      }
    }
    try {
      if (streaming !== undefined) {
        const outcome = await backends[target.kind].stream(target, this.request, controller, onRetry);
        return outcome.kind === 'answer' ? await begun(outcome) : outcome;
      }
      const outcome = await backends[target.kind].invoke(target, this.request, controller.signal, onRetry);
      return outcome.kind === 'answer' && !fits(outcome, this.request.takesBytes)
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
