import { Duration } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { parseJsonPath } from '../core/json/json-path';
import type { CohortRule } from '../core/routing/cohort';
import type { AssignmentKey } from '../core/routing/route';
import { LONGEST_SESSION_SECONDS } from '../core/routing/session-keys';
import { plainSeconds, secondsProblem } from '../validate/seconds';
import type { Cohort } from './cohort';

/** How conversations stay with their version. */
export interface SessionOptions {
  /**
   * How long a conversation lasts, 1 minute to 7 days; then its token is one of a conversation that is over, and the next request begins a
   * new one.
   *
   * @default Duration.hours(8)
   */
  readonly lifetime?: Duration;
}

/** Who gets a candidate before anybody else, and how all others are assigned. */
export interface CohortOptions {
  /** Callers of whom one of these is true. */
  readonly members: Cohort[];

  /**
   * How the requests of all others are assigned, and those of the members while there is no candidate.
   *
   * @default Assignment.inferenceId()
   */
  readonly others?: Assignment;
}

/**
 * Which part of a request decides the variant that serves it. Requests with the same key are served by the same variant for as
 * long as the weights allow; a request without the key is decided by its inference id.
 */
export abstract class Assignment {
  /**
   * The inference id: every request by itself, unless the caller sends ids of its own.
   */
  public static inferenceId(): Assignment {
    return new KeyAssignment({ source: 'inference-id' }, []);
  }

  /**
   * A header, such as the id of the user on whose behalf the caller asks.
   *
   * @param name the header's name, in any case
   */
  public static header(name: string): Assignment {
    return new KeyAssignment(
      { source: 'header', name: name.toLowerCase() },
      /^[\w!#$%&'*+.^`|~-]+$/.test(name)
        ? []
        : [`the assignment header is ${JSON.stringify(name)}, which is not a header name; name one such as "x-user-id"`],
    );
  }

  /**
   * A text or number in a JSON body. Reading it costs the router the parsing of the body.
   *
   * @param path one place, such as `$.user.id` or `$.rows[0].id`; wildcards and filters are refused
   */
  public static jsonPath(path: string): Assignment {
    return new KeyAssignment(
      { source: 'json-path', path },
      parseJsonPath(path) !== undefined
        ? []
        : [`the assignment path is ${JSON.stringify(path)}, but must name one place such as "$.user.id", without wildcards and filters`],
    );
  }

  /**
   * Each conversation by itself: it stays with its version until it is over, and shares are shares of new conversations.
   *
   * The answer to the first request has a token, as SageMaker's `X-Amzn-SageMaker-New-Session-Id` with the time until which it is good;
   * whoever sends it back as `X-Amzn-SageMaker-Session-Id` stays with the version. Nothing is stored: the token is signed, with a key that
   * lies in the alias's record, that deployments make and rotate, and that no request waits for. A request without a token, or with one
   * that the alias has not signed, begins a new conversation.
   *
   * A conversation changes its version only where that goes: a candidate is rolled back, or a rollout has ended and production's former
   * version with it. Then the answer has the new token, and the former one as `X-Amzn-SageMaker-Closed-Session-Id`.
   */
  public static session(options: SessionOptions = {}): Assignment {
    const seconds = plainSeconds(options.lifetime ?? Duration.hours(8));
    return new KeyAssignment({ source: 'session', lifetimeSeconds: Math.ceil(seconds) }, secondsProblem(
      'lifetime of the session assignment', seconds, 60, LONGEST_SESSION_SECONDS, 'choose how long the longest conversation lasts',
    ));
  }

  /**
   * A cohort gets the candidate of a rollout before anybody else, whole: the own people, a pilot customer. It is a stage of its own before
   * the first share, see `cohortStage` of a rollout; during the shares that follow the cohort keeps the candidate, and its requests are in
   * no comparison of the shares. A rollback takes the candidate away from it like from everybody.
   */
  public static cohort(options: CohortOptions): Assignment {
    return new CohortAssignment(options);
  }

  /** @internal */
  public abstract _key(): AssignmentKey;

  /** @internal */
  public abstract _problems(): string[];

  /** @internal */
  public _cohort(_scope: IConstruct): CohortRule | undefined {
    return undefined;
  }
}

class CohortAssignment extends Assignment {
  private readonly others: Assignment;

  constructor(private readonly options: CohortOptions) {
    super();
    this.others = options.others ?? Assignment.inferenceId();
  }

  /** @internal */
  public _key(): AssignmentKey {
    return this.others._key();
  }

  /** @internal */
  public _problems(): string[] {
    const { members } = this.options;
    return [
      ...(members.length === 0 ? ['the cohort has no members; give at least one Cohort, or leave Assignment.cohort out'] : []),
      ...(this.others instanceof CohortAssignment
        ? ['others of Assignment.cohort is a cohort again; list all members in one, and give others another assignment']
        : []),
      ...members.flatMap((member) => member._problems()),
      ...this.others._problems(),
    ];
  }

  /** @internal */
  public _cohort(scope: IConstruct): CohortRule {
    return { members: this.options.members.map((member) => member._member(scope)) };
  }
}

class KeyAssignment extends Assignment {
  constructor(private readonly key: AssignmentKey, private readonly problems: string[]) {
    super();
  }

  /** @internal */
  public _key(): AssignmentKey {
    return this.key;
  }

  /** @internal */
  public _problems(): string[] {
    return this.problems;
  }
}
