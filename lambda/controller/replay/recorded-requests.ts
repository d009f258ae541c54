import { createHash } from 'node:crypto';
import { type GoldenRequest, isGolden, linesOf, readGolden, surveyGolden } from '../../../lib/core/replay/golden';
import { replayOrder } from '../../../lib/core/replay/order';
import { MOST_GOLDEN_BYTES, type ReplayPlan } from '../../../lib/core/replay/plan';
import type { ReplayRequests } from '../../../lib/core/replay/progress';
import type { RolloutState } from '../../../lib/core/rollout/state';
import { requestsOfLog } from './logged-requests';
import { type Objects, TooLargeError } from './objects';

/** The requests cannot be replayed however long one waits. */
export class UnreplayableError extends Error {
  override readonly name = 'UnreplayableError';
}

/** What a replay asks, in its order. */
export interface LoadedRequests extends ReplayRequests {
  at(index: number): GoldenRequest;
}

/**
 * Reads the requests of rollouts. Those of the last one are kept: a replay is done in pieces, mostly by the same instance of the function.
 */
export class RecordedRequests {
  private kept?: { readonly rollout: string; readonly loaded: LoadedRequests };

  constructor(private readonly objects: Objects) {}

  /**
   * The same for the same rollout, whoever asks how often, as long as what is in S3 stays as it is. Throws UnreplayableError for what is
   * wrong with it, and what S3 throws.
   *
   * @param until epoch milliseconds: what was logged later is left out
   */
  async of(state: Pick<RolloutState, 'id' | 'alias' | 'plan'>, until: number): Promise<LoadedRequests> {
    if (this.kept?.rollout !== state.id) {
      this.kept = { rollout: state.id, loaded: await this.load(state, state.plan.replay!, until) };
    }
    return this.kept.loaded;
  }

  private async load(
    { id, alias }: Pick<RolloutState, 'id' | 'alias'>,
    { source, requests, labelPath }: ReplayPlan,
    until: number,
  ): Promise<LoadedRequests> {
    const ofLog = source.kind === 'log';
    const name = ofLog ? `the log at s3://${source.bucket}/${source.prefix}` : `s3://${source.bucket}/${source.key}`;
    const bytes = ofLog
      ? await requestsOfLog(source, { objects: this.objects, rollout: id, alias, wanted: requests, labels: labelPath !== undefined, until })
      : await this.object(source.bucket, source.key);
    const { requests: available, problems } = surveyGolden(bytes, labelPath, ofLog);
    if (ofLog && available === 0) {
      // Records are on their way for minutes.
      throw new Error(`${name} has no request with its body, of those that production answered in the last ${source.days} days`);
    }
    if (problems.length > 0) {
      throw new UnreplayableError(`${name} ${problems.join('; ')}`);
    }
    const lines = [...linesOf(bytes)].map(({ text }) => text);
    const chosen = replayOrder(id, available, requests).map((place) => lines[place]);
    const at = (index: number): GoldenRequest => {
      const read = readGolden(chosen[index]);
      if (!isGolden(read)) {
        throw new UnreplayableError(`a line of ${name} ${read.problem}`);
      }
      return read;
    };
    return {
      digest: createHash('sha256').update(chosen.join('\n')).digest('hex').slice(0, 16),
      total: chosen.length,
      labelled: chosen.filter((_, index) => at(index).label !== undefined || at(index).answer !== undefined).length,
      at,
    };
  }

  private async object(bucket: string, key: string): Promise<Uint8Array> {
    try {
      return await this.objects.read(bucket, key, MOST_GOLDEN_BYTES);
    } catch (error) {
      throw error instanceof TooLargeError
        ? new UnreplayableError(
            `s3://${bucket}/${key} has ${error.bytes} bytes, but a file of golden requests may have ${MOST_GOLDEN_BYTES}; keep fewer `
              + 'or smaller requests',
          )
        : error;
    }
  }
}
