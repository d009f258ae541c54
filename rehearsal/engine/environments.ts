import type { Side } from '../assembly/alarm-definition';
import type { Environments as EnvironmentsPicture } from '../../lib/core/rehearsal/scenario';
import { LatencyDistribution } from './latency-distribution';
import type { Random } from './random';
import type { Server } from './server';

interface Environment {
  /** Until then it is busy. */
  free: number;
  answered: number;
}

/**
 * Execution environments of a Lambda function: each answers one request at a time, the one that was used last first; without a free one a
 * new one is started, which the request waits for; one that nobody needs for a while is gone.
 *
 * @see AWS Lambda developer guide, "Understanding the Lambda execution environment lifecycle"; for how long idle ones stay there is no
 * promise
 */
export class Environments implements Server {
  /** Milliseconds that each took to start. */
  readonly starts: number[] = [];
  private readonly all: Environment[] = [];
  private readonly start: LatencyDistribution;
  private readonly idleMs: number;
  private readonly cache: { readonly factor: number; readonly requests: number };

  constructor({ initMs, idleMinutes, cacheFactor, cacheRequests }: EnvironmentsPicture, factor: number, private readonly random: Random) {
    this.cache = { factor: cacheFactor, requests: cacheRequests };
    this.start = new LatencyDistribution(initMs).times(factor);
    this.idleMs = 60_000 * idleMinutes;
  }

  ask(at: number, milliseconds: number): number {
    const { all } = this;
    let last: Environment | undefined;
    for (let index = all.length - 1; index >= 0; index--) {
      const environment = all[index];
      if (environment.free <= at - this.idleMs) {
        all.splice(index, 1);
      } else if (environment.free <= at && (last === undefined || environment.free > last.free)) {
        last = environment;
      }
    }
    const environment = last ?? { free: 0, answered: 0 };
    let took = milliseconds * this.coldness(environment);
    if (last === undefined) {
      const start = this.start.draw(this.random);
      this.starts.push(start);
      took += start;
      all.push(environment);
    }
    environment.free = at + took;
    environment.answered++;
    return took;
  }

  /** How many times as long an answer takes while the environment's caches fill, which they do evenly. */
  private coldness({ answered }: Environment): number {
    const { factor, requests } = this.cache;
    return answered >= requests ? 1 : factor - ((factor - 1) * answered) / requests;
  }
}

/** Those of each version. */
export function environmentsOf(picture: EnvironmentsPicture, arrivals: Random, routing: Random): { readonly [side in Side]: Server } {
  return {
    production: new Environments(picture, 1, arrivals),
    control: new Environments(picture, 1, routing),
    candidate: new Environments(picture, picture.candidateFactor, routing),
  };
}
