import { Token } from 'aws-cdk-lib/core';
import { LAMBDA_TIMEOUT_SECONDS } from '../core/aws-limits';
import { rangeProblem, wholeProblem } from '../validate/limits';
import { nameProblem } from '../validate/names';
import { plainSeconds, secondsProblem } from '../validate/seconds';
import { factsOf } from '../core/backends/backends';
import type { EndpointAlias } from '../endpoint/endpoint-alias';
import { Comparison } from './comparison';
import { contradictions } from './shadow-filter';
import { mediaProblems } from './mirror-media';
import { scheduleProblems } from './mirror-schedule';
import { binProblems } from '../validate/bin-problems';
import type { ShadowOutput, ShadowMirrorProps } from './shadow-mirror-props';

/** What the mirror function needs beyond the shadow's own time. */
export const RESERVE_SECONDS = 15;
/** What the longest run of a function leaves to the shadow and the comparison. */
export const MOST_MIRROR_SECONDS = LAMBDA_TIMEOUT_SECONDS - RESERVE_SECONDS;

/** Everything that is wrong with a mirror, its model included. */
export function mirrorProblems(name: string, props: ShadowMirrorProps, alias: EndpointAlias): string[] {
  const comparison = props.comparison ?? Comparison.json();
  const { sampleRate, filters = [], expectedRequestsPerSecond: expected, timeout, expectedLatency } = props;
  const problems = nameProblem('shadowName', name);
  if (alias.hasMirror(name)) {
    const whose = alias.awaitsMirror(name) ? ' of the shadow stage' : '';
    problems.push(`the alias has a shadow ${JSON.stringify(name)} already; set shadowName${whose} to another`);
  }
  // What is computed with at synthesis.
  const { maxConcurrency, maxRequestsPerMinute, noiseFloorRate } = props;
  for (const [option, value] of Object.entries({
    sampleRate,
    maxConcurrency,
    maxRequestsPerMinute,
    noiseFloorRate,
    expectedRequestsPerSecond: expected,
  })) {
    if (Token.isUnresolved(value)) {
      problems.push(`${option} is known only at deployment; give a number`);
    }
  }
  if (sampleRate !== undefined && !Token.isUnresolved(sampleRate) && !(sampleRate > 0 && sampleRate <= 1)) {
    problems.push(`sampleRate is ${sampleRate}, but must be above 0 and at most 1; 0.1 mirrors one request in ten`);
  }
  problems.push(
    ...comparison._problems(),
    ...filters.flatMap((filter) => filter._problems()),
    ...contradictions(filters.map((filter) => filter._filter())),
    ...mediaProblems(filters.map((filter) => filter._filter()), comparison._plan(), acceptsJsonOnly(alias)),
    ...outputProblems(props.outputs ?? []),
    ...(props.passHeaders ?? []).filter((name) => !Token.isUnresolved(name) && !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
      .map((name) => `passHeaders has ${JSON.stringify(name)}, which is not a header name; rename it or leave it out`),
    ...(props.passQueryParameters ?? []).filter((name) => name === '').map(() => 'passQueryParameters has an empty name; leave it out'),
    ...scheduleProblems(props),
    ...secondsProblem('timeout', timeout && plainSeconds(timeout), 0.1, 840, 'a function runs for at most 15 minutes'),
    ...timeProblems(timeout && plainSeconds(timeout), comparison._timeoutMs() / 1_000),
    ...secondsProblem('expectedLatency', expectedLatency && plainSeconds(expectedLatency), 0.001, 840, 'give the average of the shadow'),
    ...wholeProblem('maxConcurrency', maxConcurrency, [1, 1_000], 'requests', 'it is set aside from the account\'s concurrency'),
    ...wholeProblem('maxRequestsPerMinute', maxRequestsPerMinute, [1, 1_000_000], 'requests', 'leave it out for no bound'),
    ...rangeProblem('noiseFloorRate', noiseFloorRate, [0, 0.5], 'of the mirrored requests', 'production bears them too'),
    ...rangeProblem('expectedRequestsPerSecond', expected, [0, 1_000_000], 'requests a second', 'leave it out for no estimate'),
    ...props.model.validate(),
  );
  if (props.reserveConcurrency === false) {
    if (maxConcurrency !== undefined) {
      problems.push(
        `maxConcurrency is ${maxConcurrency}, but reserveConcurrency is false, so that nothing would hold the mirror to it; `
          + 'leave one of them out',
      );
    }
    if (maxRequestsPerMinute === undefined) {
      problems.push(
        "reserveConcurrency is false without maxRequestsPerMinute, so that the mirror could take all of the account's concurrency "
          + "from production; set maxRequestsPerMinute",
      );
    }
  }
  const latency = expectedLatency === undefined ? 0.1 : plainSeconds(expectedLatency);
  const concurrency = maxConcurrency ?? 5;
  const needed = (expected ?? 0) * (sampleRate ?? 0.1) * latency;
  if (expected !== undefined && maxRequestsPerMinute === undefined && !Token.isUnresolved(concurrency) && needed > concurrency) {
    problems.push(
      `the mirror would need ${Math.ceil(needed)} requests at a time (${expected} a second, sample rate ${sampleRate ?? 0.1}, `
        + `${latency} s each), but maxConcurrency is ` +
        `${concurrency}, so that most would be dropped; lower sampleRate, raise maxConcurrency or set maxRequestsPerMinute`,
    );
  }
  return problems;
}

/** The comparison begins when the shadow has answered, in the same run of the function. */
function timeProblems(timeout: number | undefined, comparison: number): string[] {
  return timeout !== undefined && timeout <= 840 && timeout + comparison > MOST_MIRROR_SECONDS
    ? [
        `timeout is ${timeout} s and the comparison may take ${comparison} s, together more than the ${MOST_MIRROR_SECONDS} s that a run `
          + 'of the mirror has for both; lower one of them',
      ]
    : [];
}

/** Metrics are written in one record of at most 100. */
const MOST_BINS = 40;

function outputProblems(outputs: readonly ShadowOutput[]): string[] {
  const problems = outputs.flatMap((output, index) => binProblems(output, `output ${index + 1} of the mirror`));
  const bins = outputs.reduce((sum, output) => sum + (output.bins ?? output.labels ?? []).length + 2, 0);
  if (bins > MOST_BINS) {
    problems.push(
      `the outputs of the mirror have ${bins} bins together (two of each are for all others and for answers without the value), but `
        + `may have ${MOST_BINS}; take fewer or wider ones`,
    );
  }
  const paths = outputs.map(({ path }) => path);
  return [
    ...problems,
    ...paths
      .filter((path, index) => paths.indexOf(path) !== index)
      .map((path) => `the mirror has two outputs at ${JSON.stringify(path)}; leave one of them out`),
  ];
}

/** Every version of the alias takes JSON and refuses everything else. */
function acceptsJsonOnly(alias: EndpointAlias): boolean {
  return alias.versionsDeclared.map((version) => version._target()).every((target) => factsOf(target).takesJsonOnly(target));
}
