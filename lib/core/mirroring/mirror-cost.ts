import type { JudgePlan } from '../comparison/plan';
import { estimatedTokens } from '../generation/generation';
import { optional } from '../optional';
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
  /** Who judges, if anybody does. */
  readonly judge?: JudgeLoad;
}

/** What a judge is asked. */
export interface JudgeLoad {
  readonly plan: Pick<JudgePlan, 'maximumPerDay' | 'by' | 'withRequest'>;
  readonly requestBytes: number;
  readonly answerBytes: number;
}

/** A month of a judge. */
export interface JudgeCost {
  readonly pairs: number;
  /** Tokens in and out; 0 for a function, which nobody sees into. */
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** US dollars, without what a function's own model costs; undefined where the price of tokens is not known. */
  readonly dollars: number | undefined;
}

export interface MirrorCost {
  readonly requestsPerMonth: number;
  /** US dollars. */
  readonly mirror: number;
  readonly shadow: number;
  readonly logs: number;
  readonly metrics: number;
  /** Absent: nobody judges. */
  readonly judge?: JudgeCost;
  /** A judge of which the price is not known is not in it. */
  readonly total: number;
}

/** Judged, wins and losses, for the shadow and for its version. */
const JUDGE_METRICS = 2 * 3;
/** What a judge is told beside both answers, and says, tokens: as `lib/core/comparison/judge-chat.ts` asks it. */
const INSTRUCTION_TOKENS = 200;
const USUAL_VERDICT_TOKENS = 100;
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
  const judgeMetrics = load.judge === undefined ? 0 : JUDGE_METRICS;
  const metrics = (SHADOW_METRICS + (load.noiseShare > 0 ? NOISE_METRICS : 0) + outputs + judgeMetrics) * prices.metricMonth;
  const judge = load.judge && judgeCost(load.judge, asked * (1 + load.noiseShare), prices);
  return {
    requestsPerMonth: asked, mirror, shadow, logs, metrics, ...optional('judge', judge),
    total: mirror + shadow + logs + metrics + (judge?.dollars ?? 0),
  };
}

/** Each pair is two questions and one or two writes to the table of what the judge may be asked. */
function judgeCost({ plan, requestBytes, answerBytes }: JudgeLoad, pairsAsked: number, prices: Prices): JudgeCost {
  const { by, maximumPerDay } = plan;
  const days = prices.hoursAMonth / 24;
  const most = Math.min(pairsAsked, maximumPerDay * days);
  if (by.kind === 'function') {
    return { pairs: most, tokensIn: 0, tokensOut: 0, dollars: most * (2 * prices.lambdaRequest + prices.dynamoDbWrite) };
  }
  const shown = 2 * answerBytes + (plan.withRequest === true ? requestBytes : 0);
  const tokensIn = 2 * (INSTRUCTION_TOKENS + estimatedTokens(shown));
  const tokensOut = 2 * Math.min(USUAL_VERDICT_TOKENS, by.maximumAnswerTokens);
  const pairs = Math.min(most, (by.maximumTokensPerDay * days) / (tokensIn + tokensOut));
  const { prices: ofTokens } = by;
  return {
    pairs, tokensIn: pairs * tokensIn, tokensOut: pairs * tokensOut,
    dollars: ofTokens && pairs * ((tokensIn * ofTokens.input + tokensOut * ofTokens.output) / 1e6 + 2 * prices.dynamoDbWrite),
  };
}
