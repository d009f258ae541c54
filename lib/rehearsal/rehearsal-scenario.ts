import { existsSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { type Duration, Token } from 'aws-cdk-lib/core';
import { builtInScenarios, USUAL } from '../core/rehearsal/built-in';
import type { RecordedScenario } from '../core/rehearsal/recorded';
import { isWorse, type Scenario } from '../core/rehearsal/scenario';
import { knownProblem } from '../validate/limits';
import { plainSeconds, secondsProblem } from '../validate/seconds';
import { BuiltInScenario } from './built-in-scenario';
import { expectationsProblems, recordedExpectations, type RehearsalExpectations } from './expectations';

/** What a scenario has other than the built-in one of its name. */
export interface RehearsalScenarioOptions {
  /**
   * Name in reports.
   *
   * @default - the built-in scenario's
   */
  readonly name?: string;

  /**
   * Requests per second, all versions together.
   *
   * @default - those of the rehearsal
   */
  readonly requestsPerSecond?: number;

  /**
   * Share of its requests that the candidate fails, 0 to 1.
   *
   * @default - as the built-in scenario says
   */
  readonly candidateErrorRate?: number;

  /**
   * How long after the start the candidate begins to be as the scenario says; until then it is as production.
   *
   * @default - as the built-in scenario says
   */
  readonly onset?: Duration;

  /**
   * How long after its end a period is in CloudWatch.
   *
   * @default - as the built-in scenario says; most often 20 seconds
   */
  readonly metricDelay?: Duration;

  /**
   * What must hold in this scenario.
   *
   * @default - what must hold in all of the rehearsal
   */
  readonly expect?: RehearsalExpectations;
}

/** What happens during a rehearsed rollout. */
export abstract class RehearsalScenario {
  /** The candidate is as good as production. */
  public static healthy(options: RehearsalScenarioOptions = {}): RehearsalScenario {
    return RehearsalScenario.builtIn(BuiltInScenario.HEALTHY, options);
  }

  /** The candidate fails three times as many requests as production, or `candidateErrorRate`. */
  public static worse(options: RehearsalScenarioOptions = {}): RehearsalScenario {
    return RehearsalScenario.builtIn(BuiltInScenario.WORSE, options);
  }

  /** The candidate fails every request. */
  public static broken(options: RehearsalScenarioOptions = {}): RehearsalScenario {
    return RehearsalScenario.builtIn(BuiltInScenario.BROKEN, options);
  }

  /** The candidate takes twice as long as production. */
  public static slower(options: RehearsalScenarioOptions = {}): RehearsalScenario {
    return RehearsalScenario.builtIn(BuiltInScenario.SLOWER, options);
  }

  /** Any scenario that the command knows. */
  public static builtIn(scenario: BuiltInScenario, options: RehearsalScenarioOptions = {}): RehearsalScenario {
    return new BuiltIn(scenario, options);
  }

  /**
   * All scenarios of a YAML or JSON file, as for `model-rollout rehearse --scenarios`. The command reads it, at the same path relative to
   * where it runs as from where the app runs.
   */
  public static fromFile(path: string): RehearsalScenario {
    return new ScenarioFile(path);
  }

  /** @internal */
  public abstract _bind(): BoundScenario;
}

/** What a scenario puts into the cloud assembly. */
export interface BoundScenario {
  readonly problems: readonly string[];
  readonly scenario?: RecordedScenario;
  readonly file?: string;
  /** Whether its candidate is worse than production that fails this share; a file may hold anything. */
  readonly worse: (expectedErrorRate: number) => boolean;
  /** What must hold in this scenario alone. */
  readonly expect?: RehearsalExpectations;
}

class BuiltIn extends RehearsalScenario {
  public constructor(private readonly like: BuiltInScenario, private readonly options: RehearsalScenarioOptions) {
    super();
  }

  /** @internal */
  public _bind(): BoundScenario {
    const { like, options: { name = this.like, requestsPerSecond, candidateErrorRate, onset, metricDelay, expect } } = this;
    const of = `of rehearsal scenario ${JSON.stringify(name)}`;
    const onsetSeconds = onset && plainSeconds(onset);
    const delaySeconds = metricDelay && plainSeconds(metricDelay);
    return {
      problems: [
        ...(name.trim() === '' || Token.isUnresolved(name) ? [`name ${of} must be a text that is known at synthesis`] : []),
        ...knownProblem(`requestsPerSecond ${of}`, requestsPerSecond, [0, 100_000], 'requests per second', 'all versions together'),
        ...knownProblem(`candidateErrorRate ${of}`, candidateErrorRate, [0, 1], 'of the requests', 'it is a share, not percent'),
        ...secondsProblem(`onset ${of}`, onsetSeconds, 0, 31_536_000, 'count it from the start of the rollout'),
        ...secondsProblem(`metricDelay ${of}`, delaySeconds, 0, 86_400, 'CloudWatch most often takes less than a minute'),
        ...(expect === undefined ? [] : expectationsProblems(expect, of)),
      ],
      scenario: {
        name,
        like,
        ...(requestsPerSecond === undefined ? {} : { traffic: { requestsPerSecond } }),
        ...(candidateErrorRate === undefined && onsetSeconds === undefined
          ? {}
          : {
              candidate: {
                ...(candidateErrorRate === undefined ? {} : { errorRate: candidateErrorRate }),
                ...(onsetSeconds === undefined ? {} : { onsetMinute: onsetSeconds / 60 }),
              },
            }),
        ...(delaySeconds === undefined ? {} : { metricDelaySeconds: delaySeconds }),
        ...(expect === undefined ? {} : { expect: recordedExpectations(expect) }),
      },
      worse: (expectedErrorRate) => {
        const scenario = builtInScenarios(failing(expectedErrorRate)).find((known) => known.name === like)!;
        const { candidate } = scenario;
        return isWorse({ ...scenario, candidate: { ...candidate, errorRate: candidateErrorRate ?? candidate.errorRate } });
      },
      expect,
    };
  }
}

/** What happens usually, where production fails a share of its requests. */
function failing(errorRate: number): Scenario {
  return { ...USUAL, production: { ...USUAL.production, errorRate }, candidate: { ...USUAL.candidate, errorRate } };
}

class ScenarioFile extends RehearsalScenario {
  public constructor(private readonly path: string) {
    super();
  }

  /** @internal */
  public _bind(): BoundScenario {
    const { path } = this;
    return {
      problems: existsSync(path)
        ? []
        : [`there is no scenario file ${JSON.stringify(path)}; give its path from where the app runs, or an absolute one`],
      // A cloud assembly may be looked at on another machine.
      file: relative(process.cwd(), resolve(path)).split(sep).join('/'),
      worse: () => true,
    };
  }
}
