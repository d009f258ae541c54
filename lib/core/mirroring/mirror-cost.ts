import { PRICES, type Prices, SHADOW_METRICS } from '../prices';

/** What a month of mirroring is estimated from. */
export interface MirrorLoad {
  /** Requests of the alias, per second. */
  readonly requestsPerSecond: number;
  readonly sampleRate: number;
  readonly maximumPerMinute: number | undefined;
  /** How long the shadow takes, seconds. */
  readonly latencySeconds: number;
  readonly noiseShare: number;
  /** Into which answers are sorted. */
  readonly bins: number;
  /** Whether the shadow is a function, which is billed by request. */
  readonly function: boolean;
}

export interface MirrorCost {
  readonly requestsPerMonth: number;
  /** US dollars. */
  readonly mirror: number;
  readonly shadow: number;
  readonly logs: number;
  readonly metrics: number;
  readonly total: number;
}

/** Of the mirror, for the shadow and for its version. */
const NOISE_METRICS = 2 * 2;
/** Lines of metrics of router and mirror, and Lambda's own. */
const LOG_BYTES = 2_500;
/** How long the router, at its default of 1 GB, runs on for a hand-over. */
const HAND_OVER_SECONDS = 0.01;

/** Memory of the mirror function. */
export const MIRROR_MEMORY_MIB = 512;

/** What mirroring costs in a month. */
export function mirrorCost(load: MirrorLoad, prices: Prices = PRICES): MirrorCost {
  const month = prices.hoursAMonth * 3_600;
  const sampled = load.requestsPerSecond * load.sampleRate * month;
  const asked = Math.min(sampled, (load.maximumPerMinute ?? Infinity) * (month / 60));
  const mirror = sampled * (prices.lambdaRequest + HAND_OVER_SECONDS * prices.lambdaArmGbSecond)
    + asked * load.latencySeconds * (MIRROR_MEMORY_MIB / 1_024) * prices.lambdaArmGbSecond
    + (load.maximumPerMinute === undefined ? 0 : sampled * prices.dynamoDbWrite);
  // A function of 1 GB. Production's second answers are taken to cost what the shadow's do.
  const answers = asked * (Number(load.function) + load.noiseShare);
  const shadow = answers * (prices.lambdaRequest + load.latencySeconds * prices.lambdaX86GbSecond);
  const logs = (sampled * LOG_BYTES / 1e9) * prices.logsGb;
  // Of both models, for the shadow and its version, and their total.
  const outputs = load.bins > 0 ? 2 * (2 * load.bins + 1) : 0;
  const metrics = (SHADOW_METRICS + (load.noiseShare > 0 ? NOISE_METRICS : 0) + outputs) * prices.metricMonth;
  return { requestsPerMonth: asked, mirror, shadow, logs, metrics, total: mirror + shadow + logs + metrics };
}
