import { Token } from 'aws-cdk-lib/core';
import { parseJsonPath } from '../core/json/json-path';
import type { CounterPlan, KeySource } from '../core/counters/plan';

/** How requests fall into segments. */
export interface SegmentOptions {
  /**
   * Values that are compared each by itself, 1 to 50; all others, and requests without a value, are one more segment. Name them where they
   * are few and known, such as platforms or countries: a segment is then exactly one value, and found the sooner the fewer there are.
   *
   * @default - every value falls into one of 64 segments by its hash, so that values need not be known and new ones are compared at once; a
   * value
   * shares its segment with some others
   */
  readonly values?: string[];

  /**
   * Keep no value, only its hash: the first twelve hexadecimal digits of its SHA-256. Decisions, events, logs and `model-rollout status`
   * name the value that the candidate fails most;
   * hash it where values are secret or personal. The values listed above are part of the template and not hashed.
   *
   * @default false
   */
  readonly hashed?: boolean;
}

/**
 * Segments that values fall into by their hash: enough that a rare value is not lost among others, and few enough that the promise, which
 * they share, is not spread too thin.
 */
const HASHED_SEGMENTS = 64;
const MOST_VALUES = 50;

/**
 * A part of every request by whose value requests are also compared in segments, so that a candidate that fails a rare kind of request
 * wholly is found although that is nothing among all requests. The names are those of Assignment and of the router: what the router has not
 * understood is no value.
 */
export class Segment {
  /**
   * By the value of a header, such as a tenant or a platform.
   *
   * @param name the header's name, in any case
   */
  public static header(name: string, options: SegmentOptions = {}): Segment {
    const problems = /^[\w!#$%&'*+.^`|~-]+$/.test(name)
      ? []
      : [`is by header ${JSON.stringify(name)}, which is not a header name; name one such as "x-tenant"`];
    return new Segment({ source: 'header', name: name.toLowerCase() }, name.toLowerCase(), options, problems);
  }

  /**
   * By a parameter of the query; the first, where there are several.
   *
   * @param name the parameter's name
   */
  public static query(name: string, options: SegmentOptions = {}): Segment {
    return new Segment({ source: 'query', name }, name, options, named('parameter', name));
  }

  /**
   * By a claim of the caller's token (Cognito, JWT) or a key of a Lambda authorizer's context.
   *
   * @param name the claim's name
   */
  public static claim(name: string, options: SegmentOptions = {}): Segment {
    return new Segment({ source: 'claim', name }, name, options, named('claim', name));
  }

  /**
   * By a text, number or truth value in a JSON body. Reading it costs the router the parsing of the body.
   *
   * @param path one place, such as `$.user.country`; wildcards and filters are refused
   */
  public static jsonPath(path: string, options: SegmentOptions = {}): Segment {
    return new Segment(
      { source: 'json-path', path },
      path,
      options,
      parseJsonPath(path) !== undefined
        ? []
        : [`is by path ${JSON.stringify(path)}, but must name one place such as "$.user.country", without wildcards and filters`],
    );
  }

  private constructor(
    private readonly by: KeySource,
    private readonly label: string,
    private readonly options: SegmentOptions,
    private readonly given: readonly string[],
  ) {}

  /** @internal */
  public _problems(): string[] {
    const { values } = this.options;
    if ([this.label, ...(values ?? [])].some((text) => Token.isUnresolved(text)) || Token.isUnresolved(values)) {
      return ['is by something that is known only at deployment; give texts'];
    }
    return [
      ...this.given,
      ...(values === undefined || (values.length >= 1 && values.length <= MOST_VALUES)
        ? []
        : [
            `has ${values.length} values, but 1 to ${MOST_VALUES} can be compared each by itself; leave values out to ` +
              `have all of them compared in ${HASHED_SEGMENTS} segments`,
          ]),
      ...(values !== undefined && new Set(values).size < values.length ? ['names a value twice; name each once'] : []),
      ...(values?.some((value) => !/^[\x20-\x7e]{1,64}$/.test(value)) === true
        ? ['has a value that is not 1 to 64 printable ASCII characters, as sentences need it; leave values out']
        : []),
    ];
  }

  /** @internal */
  public _label(): string {
    return this.label;
  }

  /** @internal */
  public _source(): KeySource {
    return this.by;
  }

  /** @internal */
  public _counter(keepSeconds: number, slow: boolean): Omit<CounterPlan, 'table'> {
    const { values, hashed = false } = this.options;
    return {
      name: 'segments',
      by: this.by,
      during: 'rollout',
      keepSeconds,
      ...(values === undefined
        ? { cells: HASHED_SEGMENTS, names: hashed ? 'hashed' : 'plain' }
        : { cells: values.length + 1, values: [...values] }),
      ...(slow ? { slow } : {}),
    };
  }
}

function named(what: string, name: string): string[] {
  return name !== '' && name.length <= 128
    ? []
    : [`is by ${what} ${JSON.stringify(name.slice(0, 200))}, which is not 1 to 128 characters; name it as callers send it`];
}
