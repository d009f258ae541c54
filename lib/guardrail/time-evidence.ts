import { Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { FirstTokenPlan } from '../core/guardrails/first-token';
import type { LatencyPlan } from '../core/guardrails/latency';
import type { TimePerTokenPlan } from '../core/guardrails/time-per-token';
import { DEFAULTS } from '../core/judge/plan';
import { knownProblem } from '../validate/limits';
import { boundsPlan, boundsProblems } from './evidence-bounds';
import { EvidenceGuardrail } from './evidence-guardrail';
import type { LatencyGuardrailOptions } from './evidence-options';
import type { BoundGuardrail, GuardrailContext } from './guardrail-kind';
import { withoutTokens } from './generative-endpoint';
import { bySegments, segmentProblems } from './segments-plan';

/** The router counts every request against each of them. */
const MOST_QUANTILES = 3;

/** Which time of an answer is compared. */
interface ComparedTime {
  readonly kind: (LatencyPlan | FirstTokenPlan | TimePerTokenPlan)['kind'];
  /** The guardrail's name, unless it has another. */
  readonly usualName: string;
  /** As in "times production's latency". */
  readonly time: string;
  /** What the endpoint lacks to measure it; nothing if it does. */
  readonly lacking: (name: string, context: GuardrailContext) => string[];
}

/** @see Guardrail.latency */
export const LATENCY: ComparedTime = { kind: 'latency', usualName: 'latency', time: 'latency', lacking: () => [] };

/** @see Guardrail.firstToken */
export const FIRST_TOKEN: ComparedTime = {
  kind: 'first-token', usualName: 'first-token', time: 'time to the first token', lacking: withoutStreams,
};

/** @see Guardrail.timePerToken */
export const TIME_PER_TOKEN: ComparedTime = {
  kind: 'time-per-token', usualName: 'time-per-token', time: 'time per token', lacking: withoutStreams,
};

/** A comparison of a time of answers, by quantiles of production's. */
export class TimeEvidence extends EvidenceGuardrail<LatencyGuardrailOptions> {
  private readonly quantiles: readonly number[];

  constructor(private readonly compared: ComparedTime, options: LatencyGuardrailOptions) {
    super(options, compared.usualName);
    this.quantiles = options.quantiles ?? [0.5, 0.9, 0.99];
  }

  public get segmented(): boolean {
    return this.options.by !== undefined;
  }

  public problems(): string[] {
    const { quantiles } = this;
    const at = `quantiles of ${this.what}`;
    const { maxRatio, ...options } = this.options;
    const problems = [
      ...knownProblem(
        `maxRatio of ${this.what}`,
        maxRatio,
        [1, 100],
        `times production's ${this.compared.time}`,
        '1.1 is the default',
      ),
      ...boundsProblems(this.name, options),
      ...segmentProblems(this.name, this.options.by),
    ];
    if (Token.isUnresolved(quantiles) || quantiles.some((quantile) => Token.isUnresolved(quantile))) {
      return [...problems, `${at} are known only at deployment; give numbers`];
    }
    if (!(quantiles.length >= 1 && quantiles.length <= MOST_QUANTILES)) {
      problems.push(`${at} are ${quantiles.length}, but must be 1 to ${MOST_QUANTILES}; leave them out for 0.5, 0.9 and 0.99`);
    }
    for (const quantile of quantiles.filter((each) => !(each > 0 && each < 1))) {
      problems.push(`${at} have ${quantile}, but must be above 0 and below 1; write 0.99 for the 99th percentile`);
    }
    if (quantiles.some((quantile, index) => index > 0 && quantile <= quantiles[index - 1])) {
      problems.push(`${at} are ${quantiles.join(', ')}, but must increase; sort them and name each once`);
    }
    return problems;
  }

  public bind(_scope: Construct, context: GuardrailContext): BoundGuardrail {
    const { maxRatio: slowdown = DEFAULTS.slowdown, by: segment, ...options } = this.options;
    const { by, problems } = bySegments(this.name, segment, context, true);
    // What is allowed is in the threshold. The shares beyond it may differ by the usual tenth, because the latency of one version wanders
    // by itself.
    const bounds = boundsPlan(options);
    return {
      plan: {
        ...this.common,
        kind: this.compared.kind,
        quantiles: this.quantiles,
        slowdown,
        ...bounds,
        ...by,
      },
      problems: [...(problems ?? []), ...this.compared.lacking(this.name, context)],
    };
  }
}

/** Tokens have times only where they are counted and come one after the other. */
function withoutStreams(name: string, context: GuardrailContext): string[] {
  return [
    ...withoutTokens(name, context),
    ...(context.streaming
      ? []
      : [
          `guardrail ${JSON.stringify(name)} compares when tokens come, but answers of the endpoint come as a whole; set `
            + 'responseStreaming: true of the ModelEndpoint, or leave the guardrail out',
        ]),
  ];
}
