import { Token } from 'aws-cdk-lib/core';
import type { SmokeTestPlan } from '../core/rollout/plan';
import { parseJsonPath } from '../core/json/json-path';
import { optional } from '../core/optional';
import type { JsonSchema } from '../core/routing/measures';
import { schemaFaults } from '../guardrail/schema-faults';

/** All golden requests together travel in the plan, through CloudFormation and into one item of a table. */
const MOST_BYTES = 65_536;

/** A value that an answer must have. */
export interface ExpectedValue {
  /** One place in a JSON answer, such as `$.score` or `$.rows[0].label`, or `$` for all of it. */
  readonly path: string;

  /** The value: any JSON. */
  readonly value: any;

  /**
   * How far a number may be from the value.
   *
   * @default 0
   */
  readonly tolerance?: number;
}

/** A golden request that the candidate must answer before any caller meets it. */
export interface SmokeTest {
  /**
   * Name for messages.
   *
   * @default - "smoke test" and its place in the list
   */
  readonly name?: string;

  /** The body, as a caller would send it. */
  readonly body: string;

  /**
   * Media type of the body.
   *
   * @default application/json
   */
  readonly contentType?: string;

  /**
   * Status of the answer.
   *
   * @default 200
   */
  readonly status?: number;

  /**
   * Values that the answer must have.
   *
   * @default - any answer with the status will do
   */
  readonly expect?: ExpectedValue[];

  /**
   * JSON schema (2020-12) that the answer must follow.
   *
   * @default - the answer may be anything
   */
  readonly schema?: { [keyword: string]: any };
}

export function smokeTestPlan(test: SmokeTest, index: number): SmokeTestPlan {
  return {
    name: test.name ?? `smoke test ${index + 1}`,
    body: test.body,
    contentType: test.contentType ?? 'application/json',
    status: test.status ?? 200,
    expect: (test.expect ?? []).map(({ path, value, tolerance }) => ({
      path,
      value: value as unknown,
      ...(tolerance === undefined ? {} : { tolerance }),
    })),
    ...optional('schema', test.schema as JsonSchema | undefined),
  };
}

export function smokeTestProblems(tests: readonly SmokeTest[]): string[] {
  const problems = tests.map(smokeTestPlan).flatMap(({ name, status, expect, body, contentType, schema }) => {
    const at = JSON.stringify(name);
    return [
      ...(Token.isUnresolved(status) || (Number.isInteger(status) && status >= 100 && status <= 599)
        ? []
        : [`status of ${at} is ${status}, but must be an HTTP status from 100 to 599; 200 is the default`]),
      ...(contentType === 'application/json' && !Token.isUnresolved(body) && !isJson(body)
        ? [`body of ${at} is not valid JSON, but its contentType is application/json; correct one of them`]
        : []),
      ...expect.filter(({ path }) => path !== '$' && parseJsonPath(path) === undefined).map(({ path }) =>
        `a path of ${at} is ${JSON.stringify(path)}, but must name one place such as "$.score", without wildcards and filters`),
      ...expect.filter(({ tolerance }) => tolerance !== undefined && !(tolerance >= 0)).map(({ path, tolerance }) =>
        `tolerance of ${path} of ${at} is ${tolerance}, but must be a number from 0; leave it out for equality`),
      ...(schema === undefined ? [] : schemaFaults(schema).map((fault) => `the schema of ${at}: ${fault}`)),
    ];
  });
  const bytes = Buffer.byteLength(JSON.stringify(tests));
  if (bytes > MOST_BYTES) {
    problems.push(
      `the smoke tests have ${bytes} bytes together, but may have ${MOST_BYTES}; keep fewer or smaller golden requests, or test in a hook`,
    );
  }
  return problems;
}

/** Whether there is something to warm up with. */
export function warmUpProblems(tests: readonly SmokeTest[], warmUpRequests: number | undefined): string[] {
  return warmUpRequests !== undefined && warmUpRequests > 0 && tests.length === 0
    ? [`warmUpRequests is ${warmUpRequests}, but there is no smoke test whose request could be sent; give at least one`]
    : [];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
