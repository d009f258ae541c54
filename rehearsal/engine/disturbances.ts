import type { Scenario } from '../../lib/core/rehearsal/scenario';
import type { Side } from '../assembly/alarm-definition';
import { type Random, randomOf } from './random';

const MINUTES_A_DAY = 1_440;
/** Sets what disturbs a version apart from what else is drawn of a seed. */
const DISTURBANCES = 0x510e527f;
/** Production's last day is disturbed too. */
const BEFORE_MINUTES = MINUTES_A_DAY + 90;

/** What is out of the ordinary of a version in a minute. */
export interface Disturbance {
  /** Added to its error rate. */
  readonly errorRate: number;
  /** What its error rate is multiplied by. */
  readonly failures: number;
  /** What its latency is multiplied by. */
  readonly latency: number;
}

const NONE: Disturbance = { errorRate: 0, failures: 1, latency: 1 };

/**
 * What comes and goes by itself, of each version on its own: hiccups, and error rates and latencies that wander. Of one seed always the
 * same.
 */
export class Disturbances {
  private readonly sides: { readonly [side in Side]: Minutes } | undefined;

  constructor(scenario: Pick<Scenario, 'hiccups' | 'wander'>, seed: number, private readonly startedAt: number) {
    const minutes = (salt: number): Minutes => new Minutes(scenario, randomOf(seed ^ DISTURBANCES ^ salt));
    this.sides =
      scenario.hiccups === undefined && scenario.wander === undefined
        ? undefined
        : { production: minutes(1), candidate: minutes(2), control: minutes(3) };
  }

  at(side: Side, at: number): Disturbance {
    return this.sides?.[side].at(Math.floor((at - this.startedAt) / 60_000)) ?? NONE;
  }
}

/** The disturbances of one version, a minute after the other. */
class Minutes {
  private readonly known: Disturbance[] = [];
  private hiccupLeft = 0;
  private latency: number;
  private failures: number;

  constructor(private readonly scenario: Pick<Scenario, 'hiccups' | 'wander'>, private readonly random: Random) {
    this.latency = random.normal();
    this.failures = random.normal();
  }

  at(minute: number): Disturbance {
    const index = Math.max(0, minute + BEFORE_MINUTES);
    while (this.known.length <= index) {
      this.known.push(this.next());
    }
    return this.known[index];
  }

  private next(): Disturbance {
    const { scenario: { hiccups, wander }, random } = this;
    if (hiccups !== undefined) {
      const next = (): number => (random.uniform() < hiccups.perDay / MINUTES_A_DAY ? hiccups.minutes : 0);
      this.hiccupLeft = this.hiccupLeft > 0 ? this.hiccupLeft - 1 : next();
    }
    if (wander !== undefined) {
      // An Ornstein-Uhlenbeck process, minute by minute, of variance one.
      const kept = Math.exp(-1 / wander.minutes);
      const fresh = Math.sqrt(1 - kept ** 2);
      this.latency = kept * this.latency + fresh * random.normal();
      this.failures = kept * this.failures + fresh * random.normal();
    }
    return {
      errorRate: this.hiccupLeft > 0 ? hiccups!.errorRate : 0,
      failures: Math.exp((wander?.failures ?? 0) * this.failures),
      latency: Math.exp((wander?.latency ?? 0) * this.latency),
    };
  }
}
