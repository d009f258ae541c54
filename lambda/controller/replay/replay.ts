import type { ComparisonOutcome } from '../../../lib/core/comparison/outcome';
import { isWrong, labelOf } from '../../../lib/core/feedback/plan';
import type { GoldenRequest } from '../../../lib/core/replay/golden';
import { asksTwice, candidateFirst } from '../../../lib/core/replay/order';
import { addTallies, NO_PAIRS, type ReplayTally, type Side, tallyOf } from '../../../lib/core/replay/pair';
import type { ReplayPlan } from '../../../lib/core/replay/plan';
import type { ReplayChunk, ReplayProgress } from '../../../lib/core/replay/progress';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { PATIENCE } from '../../../lib/core/rollout/execution';
import { parseJsonPath, valueAt } from '../../../lib/core/json/json-path';
import type { Variant } from '../../../lib/core/routing/route';
import { FailureClass } from '../../shared/http/outcome';
import { readJson } from '../../shared/http/read-json';
import type { RouterClient } from '../../shared/router-client';
import { type LoadedRequests, UnreplayableError } from './recorded-requests';

export interface ReplayPorts {
  readonly requests: (state: RolloutState, until: number) => Promise<LoadedRequests>;
  /** The router may call both versions, the way that callers' requests go. */
  readonly router: Pick<RouterClient, 'ask'>;
  /** Never rejects. */
  readonly compare: (
    plan: ReplayPlan['comparison'],
    production: Uint8Array,
    candidate: Uint8Array,
    request: GoldenRequest,
  ) => ComparisonOutcome | Promise<ComparisonOutcome>;
  /** How many of its callers' requests production refused in the last minutes for lack of capacity. Rejects if that cannot be read. */
  readonly refused: (state: RolloutState) => Promise<number>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** Somebody has no capacity, or cannot be reached: nobody's verdict, and asked again later. */
class NoCapacityError extends Error {}

/** Environments are still warm after that. */
const WARM_MS = 60_000;
/** How often it is asked whether the replay is still wanted. */
const LOOK_MS = 5_000;

/**
 * Ask both versions the next recorded requests, each request of one after the other, for as long as a task may take. Returns the pairs up
 * to the first that is not complete: those after it are asked again. Never rejects.
 */
export async function replay(
  state: RolloutState,
  progress: ReplayProgress,
  goesOn: () => Promise<boolean>,
  ports: ReplayPorts,
): Promise<ReplayChunk> {
  const nothing = (problem: string, more: Partial<ReplayChunk> = {}): ReplayChunk => ({
    from: progress.done,
    done: progress.done,
    tally: NO_PAIRS,
    at: ports.now(),
    problem,
    ...more,
  });
  let loaded: LoadedRequests;
  try {
    loaded = await ports.requests(state, progress.startedAt);
  } catch (error) {
    const { name, message } = error as Error;
    // A policy that is new, or a file that is on its way, needs a while and no more.
    const late = progress.requests === undefined && ports.now() - progress.startedAt >= state.plan.readinessSeconds * 1_000;
    return error instanceof UnreplayableError
      ? nothing(message, { failed: true })
      : nothing(`the recorded requests cannot be read: ${name}: ${message}`, { failed: late });
  }
  const { digest, total, labelled } = loaded;
  const requests = { digest, total, labelled };
  const from = progress.requests !== undefined && progress.requests.digest !== digest ? 0 : progress.done;
  try {
    const refused = await ports.refused(state);
    if (refused > 0) {
      return nothing(
        `production has refused ${refused} requests of its callers in the last minutes for lack of capacity, and they come first`,
        { requests, from, done: from },
      );
    }
  } catch (error) {
    return nothing(`whether production has capacity to spare is not known: ${(error as Error).name}`, { requests, from, done: from });
  }
  return new Chunk(state, state.plan.replay!, loaded, goesOn, ports).run(from, from === 0 || ports.now() - progress.at > WARM_MS);
}

class Chunk {
  private readonly tallies = new Map<number, ReplayTally>();
  private readonly ends: number;
  private readonly began: number;
  private problem?: string;
  private stopped = false;
  private next = 0;
  /** When the next pair may begin. */
  private due = 0;
  private looked: number;

  constructor(
    private readonly state: RolloutState,
    private readonly plan: ReplayPlan,
    private readonly loaded: LoadedRequests,
    private readonly goesOn: () => Promise<boolean>,
    private readonly ports: ReplayPorts,
  ) {
    this.began = this.looked = ports.clock();
    this.ends = this.began + PATIENCE.replay * 1_000;
  }

  async run(from: number, cold: boolean): Promise<ReplayChunk> {
    const {
      plan,
      ports,
      loaded: { digest, total, labelled },
    } = this;
    if (cold) {
      await this.warmUp(from === 0 ? Math.max(plan.concurrency, plan.warmUpRequests) : plan.concurrency);
    }
    this.next = from;
    await Promise.all(Array.from({ length: plan.concurrency }, () => this.work()));
    let tally = NO_PAIRS;
    let done = from;
    for (; this.tallies.has(done); done++) {
      tally = addTallies(tally, this.tallies.get(done)!);
    }
    return {
      requests: { digest, total, labelled },
      from,
      done,
      tally,
      at: ports.now(),
      ...(this.problem === undefined ? {} : { problem: this.problem }),
    };
  }

  /** Start as many environments of both as will be used at a time, and fill what fills with the first requests; neither is counted. */
  private async warmUp(requests: number): Promise<void> {
    const {
      plan,
      loaded,
      state: { production, candidate },
      ports,
    } = this;
    let left = requests;
    const work = async (): Promise<void> => {
      while (left > 0 && ports.clock() < this.began + (PATIENCE.replay * 1_000) / 2) {
        const index = --left % loaded.total;
        await Promise.allSettled([production, candidate].map((version) => this.ask(version, loaded.at(index), `w${index}`)));
      }
    };
    await Promise.all(Array.from({ length: plan.concurrency }, work));
  }

  /** Pairs one after the other, as fast as allowed. */
  private async work(): Promise<void> {
    const { plan, ports, loaded } = this;
    while (!this.stopped && this.next < loaded.total) {
      const due = Math.max(this.due, ports.clock());
      if (due >= this.ends) {
        return;
      }
      this.due = due + 1_000 / plan.requestsPerSecond;
      const index = this.next++;
      try {
        await ports.sleep(due - ports.clock());
        await this.look();
        if (!this.stopped) {
          this.tallies.set(index, await this.pair(index));
        }
      } catch (error) {
        this.stopped = true;
        this.problem ??=
          error instanceof NoCapacityError ? error.message : `the replay stopped: ${(error as Error).name}: ${(error as Error).message}`;
      }
    }
  }

  private async look(): Promise<void> {
    const now = this.ports.clock();
    if (now - this.looked >= LOOK_MS) {
      this.looked = now;
      this.stopped ||= !(await this.goesOn());
    }
  }

  private async pair(index: number): Promise<ReplayTally> {
    const { plan, state, loaded } = this;
    const request = loaded.at(index);
    const inTurn = candidateFirst(index) ? [state.candidate, state.production] : [state.production, state.candidate];
    const answers = new Map<Variant, Answer>();
    for (const version of inTurn) {
      answers.set(version, await this.ask(version, request, String(index)));
    }
    const [production, candidate] = [answers.get(state.production)!, answers.get(state.candidate)!];
    const again =
      production.answered && plan.noiseShare !== undefined && asksTwice(state.id, index, plan.noiseShare)
        ? await this.ask(state.production, request, `n${index}`).catch(() => undefined)
        : undefined;
    const compare = async (one: Answer, other: Answer | undefined): Promise<ComparisonOutcome | undefined> =>
      one.answered && other?.answered === true ? this.compare(request, one, other) : undefined;
    const [outcome, noise] = [await compare(production, candidate), await compare(production, again)];
    const side = async (answer: Answer): Promise<Side> => ({
      ...answer,
      right: answer.answered ? await this.isRight(request, answer) : undefined,
    });
    return tallyOf({ production: await side(production), candidate: await side(candidate), outcome, noise }, plan.slowdown);
  }

  private compare(request: GoldenRequest, one: Answer, other: Answer): ComparisonOutcome | Promise<ComparisonOutcome> {
    return one.omitted || other.omitted ? TOO_LARGE : this.ports.compare(this.plan.comparison, one.body, other.body, request);
  }

  /** Undefined where nobody knows. */
  private async isRight(request: GoldenRequest, { body, omitted }: Answer): Promise<boolean | undefined> {
    const { label, answer } = request;
    const { comparison, labelPath } = this.plan;
    if ((label === undefined && answer === undefined) || omitted) {
      return undefined;
    }
    if (
      label !== undefined &&
      isWrong({ kind: 'label', prediction: labelPath! }, label, labelOf(valueAt(readJson(body), parseJsonPath(labelPath!)!)))
    ) {
      return false;
    }
    const outcome = answer === undefined ? undefined : await this.ports.compare(comparison, answer, body, request);
    return outcome?.kind === 'comparison error' ? undefined : outcome === undefined || outcome.kind === 'agree';
  }

  /** Throws NoCapacityError where that is nobody's verdict. */
  private async ask(version: Variant, { body, contentType }: GoldenRequest, name: string): Promise<Answer> {
    const { state, ports } = this;
    const role = version === state.candidate ? 'candidate' : 'production';
    const { outcome, milliseconds } = await ports.router
      .ask(state.routerFunction, {
        modelRollout: 'ask',
        target: version.target,
        body: Buffer.from(body).toString('base64'),
        isBase64Encoded: true,
        contentType,
        times: 1,
        inferenceId: `replay-${state.id.slice(-16)}-${name}-${role}`,
        timeoutMs: Math.min(PATIENCE.replayedAnswer * 1_000, version.timeBudgetMs),
      })
      .catch((error: Error) => {
        throw new NoCapacityError(`the router cannot be asked: ${error.name}: ${error.message}`);
      });
    if (outcome.kind === 'failure') {
      if (outcome.class === FailureClass.THROTTLE) {
        throw new NoCapacityError(`${role === 'candidate' ? 'the candidate' : 'production'} has no capacity to spare`);
      }
      return { answered: false, omitted: false, milliseconds, body: Buffer.alloc(0) };
    }
    return { answered: outcome.status < 400, omitted: outcome.omitted === true, milliseconds, body: Buffer.from(outcome.body, 'base64') };
  }
}

interface Answer {
  readonly answered: boolean;
  /** Too large to be returned. */
  readonly omitted: boolean;
  readonly milliseconds: number;
  readonly body: Uint8Array;
}

const TOO_LARGE: ComparisonOutcome = { kind: 'comparison error', reason: 'an answer is too large to be compared' };
