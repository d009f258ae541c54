import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { InferenceLog } from '../inference-log/inference-log';
import { GoldenFile } from './golden-file';
import { GoldenObject } from './golden-object';
import { LoggedRequests } from './logged-requests';
import type { RecordedSource } from './recorded-source';
import type { LoggedReplayOptions, ReplayOptions } from './replay-options';

/**
 * Recorded requests that both versions are asked before any traffic, in pairs: for endpoints whose own traffic is too little for certainty.
 * What is worse is rolled back before a caller has met it.
 *
 * Production is asked as well as the candidate, at a bounded rate, and as callers ask them. A model with side effects has them again: ids
 * of these requests begin with `replay-`.
 */
export abstract class Replay {
  /**
   * A file of golden requests that is deployed with the app. Each line is a JSON object: `request` (any JSON), or `text` or `base64` with
   * its `contentType`; and, where it is known, the `label` that is right or the `answer` that is. The file is read at synthesis, and what
   * is wrong with it is an error there.
   *
   * @param path of the file, relative to where the app runs
   */
  public static goldenFile(path: string, options: ReplayOptions = {}): Replay {
    return new SourcedReplay(new GoldenFile(path), options);
  }

  /**
   * Such a file in a bucket, as it is when the rollout begins; 64 MiB at the most. A file that cannot be read then ends the rollout before
   * it has begun.
   */
  public static goldenObject(bucket: s3.IBucket, key: string, options: ReplayOptions = {}): Replay {
    return new SourcedReplay(new GoldenObject(bucket, key), options);
  }

  /**
   * Requests of the alias that production has answered with success, from a log with `logRequests` and without `redact`: what is replaced
   * cannot be asked again. Labels that came back are used with a `labelPath`.
   */
  public static inferenceLog(log: InferenceLog, options: LoggedReplayOptions = {}): Replay {
    return new SourcedReplay(new LoggedRequests(log, options.period), options);
  }

  /** @internal */
  public abstract _source(): RecordedSource;

  /** @internal */
  public abstract _options(): ReplayOptions;
}

class SourcedReplay extends Replay {
  constructor(private readonly source: RecordedSource, private readonly options: ReplayOptions) {
    super();
  }

  /** @internal */
  public _source(): RecordedSource {
    return this.source;
  }

  /** @internal */
  public _options(): ReplayOptions {
    return this.options;
  }
}
