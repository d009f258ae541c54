import type * as logs from 'aws-cdk-lib/aws-logs';
import { type Size, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { BODY_BYTES } from '../core/inference-log/record';
import { redact, REDACTED } from '../core/inference-log/redact';
import { parseRedactionPath } from '../core/json/redaction-path';
import { type JsonPathSegment, parseJsonPath, valueAt } from '../core/json/json-path';
import { resourcesOf } from '../validate/resources';
import { plainSeconds, secondsProblem } from '../validate/seconds';
import type { InferenceLogProps } from './inference-log-props';

/** Subscription filters that a log group can have, which no quota raises. */
export const SUBSCRIPTION_FILTERS = 2;

/** What a subscription filter's pattern may have. */
const PATTERN_CHARACTERS = 1_024;

/** What paths may take of the route, which is one item of a table with all the rest; characters. */
const REDACT_CHARACTERS = 4_000;
/** Athena's least bound of a query, bytes. */
const LEAST_SCAN = 10_000_000;
const DAY_SECONDS = 86_400;

/** Everything that is wrong with a log. */
export function logProblems(props: InferenceLogProps): string[] {
  const { sampleRate, predictionPath, redact: paths = [], retention, bucket, bufferInterval } = props;
  const problems: string[] = [];
  if (Token.isUnresolved(sampleRate)) {
    problems.push('sampleRate is known only at deployment; give a number');
  } else if (sampleRate !== undefined && !(sampleRate > 0 && sampleRate <= 1)) {
    problems.push(`sampleRate is ${sampleRate}, but must be above 0 and at most 1; 0.1 logs one inference in ten`);
  }
  for (const path of paths.filter((each) => parseRedactionPath(each) === undefined)) {
    problems.push(
      `redact has ${JSON.stringify(path)}, which is not a path of values; write one such as $.user.email, $.items[*].card or $..email`,
    );
  }
  const characters = paths.join('').length;
  if (characters > REDACT_CHARACTERS) {
    problems.push(
      `redact has ${characters} characters, but may have ${REDACT_CHARACTERS}, because it is part of the route; use $..name for a name `
        + 'that is in many places',
    );
  }
  const segments = predictionPath === undefined ? undefined : parseJsonPath(predictionPath);
  if (predictionPath !== undefined && segments === undefined) {
    problems.push(`predictionPath is ${JSON.stringify(predictionPath)}, which is not a definite JSON path; write one such as $.label`);
  } else if (segments !== undefined && isRedacted(segments, paths)) {
    problems.push(
      `predictionPath is ${JSON.stringify(predictionPath)}, but redact covers it, so that no prediction would be logged; leave one of `
        + 'them out',
    );
  }
  problems.push(
    ...sizeProblem('maxBodySize', props.maxBodySize, 1, BODY_BYTES, 'two bodies must fit into one event of CloudWatch Logs'),
    ...sizeProblem('maxScan', props.maxScan, LEAST_SCAN, 7_000_000_000_000_000, "it is Athena's bound of one query"),
    ...secondsProblem(
      'bufferInterval',
      bufferInterval && plainSeconds(bufferInterval),
      60,
      900,
      'a shorter one makes many small files, a longer one Firehose does not take',
    ),
    ...secondsProblem(
      'retention',
      retention && plainSeconds(retention),
      DAY_SECONDS,
      3_650 * DAY_SECONDS,
      'records are kept for whole days',
    ),
  );
  if (retention !== undefined && !retention.isUnresolved() && !Number.isInteger(plainSeconds(retention) / DAY_SECONDS)) {
    problems.push(
      `retention is ${plainSeconds(retention) / DAY_SECONDS} days, but objects in S3 expire after whole days; give Duration.days`,
    );
  }
  if (props.maxBodySize !== undefined && props.logRequests !== true && props.logResponses !== true) {
    problems.push('maxBodySize is given, but no bodies are logged; set logRequests or logResponses, or leave it out');
  }
  if (
    bucket !== undefined &&
    props.encryptionKey !== undefined &&
    bucket.encryptionKey !== undefined &&
    bucket.encryptionKey !== props.encryptionKey
  ) {
    problems.push('encryptionKey is another key than that of the bucket that is given; leave encryptionKey out, or give the same');
  }
  if (props.deliveryAlarm === false && props.alarmActions !== undefined) {
    problems.push('alarmActions is given, but deliveryAlarm is false, so that no alarm would take them; leave one of them out');
  }
  if (bucket !== undefined && props.removalPolicy !== undefined) {
    problems.push(`removalPolicy is ${props.removalPolicy}, but the bucket that is given has its own; set it there`);
  }
  return problems;
}

/** A pattern that CloudWatch Logs would not take: every alias is a part of it. */
export function patternProblem(pattern: string, aliases: number): string[] {
  return pattern.length <= PATTERN_CHARACTERS
    ? []
    : [
        `the subscription filter for ${aliases} aliases has ${pattern.length} characters, but CloudWatch Logs allows `
          + `${PATTERN_CHARACTERS}; give some of them to a second InferenceLog, or shorten their names`,
      ];
}

/** A log group with more filters than AWS allows, those of others in the stack included. */
export function subscriptionProblems(scope: Construct, sources: readonly logs.ILogGroup[], most: number): string[] {
  const stack = Stack.of(scope);
  const nameOf = (name: string): string => JSON.stringify(stack.resolve(name));
  const filters = resourcesOf<logs.CfnSubscriptionFilter>(stack, 'AWS::Logs::SubscriptionFilter');
  return sources.flatMap((source) => {
    const count = filters.filter(({ logGroupName }) => nameOf(logGroupName) === nameOf(source.logGroupName)).length;
    return count > most
      ? [
          `the log of ${source.node.scope?.node.path ?? source.node.path} has ${count} subscription filters, but AWS allows ${most}; `
            + 'give all aliases to one InferenceLog with aliases, or remove another subscription',
        ]
      : [];
  });
}

/** Feedback keeps predictions by a path of its own, and its records have them. */
export function feedbackProblems(alias: string, path: string | undefined, redactions: readonly string[]): string[] {
  const segments = path === undefined ? undefined : parseJsonPath(path);
  return segments !== undefined && isRedacted(segments, redactions)
    ? [
        `redact covers ${path}, which the feedback on alias ${JSON.stringify(alias)} keeps and logs as the prediction; leave one of `
          + 'them out',
      ]
    : [];
}

function sizeProblem(name: string, size: Size | undefined, least: number, most: number, remedy: string): string[] {
  if (size === undefined) {
    return [];
  }
  if (size.isUnresolved()) {
    return [`${name} is known only at deployment; give a size`];
  }
  const bytes = size.toBytes();
  return bytes >= least && bytes <= most ? [] : [`${name} is ${bytes} bytes, but must be between ${least} and ${most}; ${remedy}`];
}

/** Whether a redaction replaces the value at the path, or one that it is in. */
function isRedacted(segments: readonly JsonPathSegment[], paths: readonly string[]): boolean {
  // A document that has just this value.
  const document = segments.reduceRight<unknown>(
    (inner, segment) =>
      typeof segment === 'number'
        ? Array.from({ length: Math.min(segment, 1_000) + 1 }, (_, index) => (index === segment ? inner : 0))
        : { [segment]: inner },
    0,
  );
  const value = valueAt(
    redact(
      document,
      paths.flatMap((path) => [parseRedactionPath(path) ?? []]).filter((steps) => steps.length > 0),
    ),
    segments,
  );
  return value === undefined || value === REDACTED;
}
