import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { LAMBDA_PAYLOAD_BYTES } from '../core/aws-limits';
import type { JudgedBy, JudgingModel } from '../core/comparison/plan';
import { routeKey } from '../core/names';
import { optional } from '../core/optional';
import type { IModelEndpoint } from '../endpoint/model-endpoint-ref';
import { ModelEndpoint } from '../endpoint/model-endpoint';
import { undeclared } from '../endpoint/target';
import { BedrockModelBackend, placeProblems } from '../model/bedrock-model';
import { allowBedrock } from '../model/bedrock-permissions';
import { priceProblems } from '../model/token-prices';
import { knownProblem, wholeProblem } from '../validate/limits';
import type { AliasJudgeOptions, BedrockJudgeOptions, ModelJudgeOptions } from './judge-options';

const TOKENS_PER_DAY = 2_000_000;
const ANSWER_TOKENS = 512;
const MOST_CRITERIA = 1_000;

/** Who says which of two answers is better. */
export abstract class Judge {
  /**
   * A function of yours, which the mirror may invoke. It is told `{ "first": "…", "second": "…", "isBase64Encoded": false }`, base64 where
   * an answer is not text, and answers `{ "better": "first" | "second" | "neither" }`. What its questions cost, `maxPairsPerDay` bounds.
   */
  public static fromFunction(handler: lambda.IFunction): Judge {
    return new FunctionJudge(handler);
  }

  /**
   * A language model behind an alias of an endpoint, whose authentication is IAM: the mirror may invoke exactly that alias. It is asked for
   * a chat completion in OpenAI's shape, as vLLM, LMI, TGI and `Model.bedrock` understand it. An alias that is mirrored to this judge
   * itself, or by way of others, is refused.
   */
  public static alias(endpoint: IModelEndpoint, options: AliasJudgeOptions = {}): Judge {
    return new AliasJudge(endpoint, options);
  }

  /** A model or inference profile of Amazon Bedrock, asked by Converse: the mirror may invoke exactly that. */
  public static bedrock(options: BedrockJudgeOptions): Judge {
    return new BedrockJudge(options);
  }

  /**
   * How it is asked.
   *
   * @internal
   */
  public abstract _by(): JudgedBy;

  /** @internal */
  public abstract _problems(): string[];

  /**
   * What stands against it as a judge of the answers of an alias.
   *
   * @internal
   */
  public _placeProblems(_scope: Construct, _aliasKey: string): string[] {
    return [];
  }

  /**
   * Let the mirror ask it.
   *
   * @internal
   */
  public abstract _admit(scope: Construct, mirror: iam.IRole): void;
}

class FunctionJudge extends Judge {
  constructor(private readonly handler: lambda.IFunction) {
    super();
  }

  /** @internal */
  public _by(): JudgedBy {
    return { kind: 'function', functionArn: this.handler.functionArn };
  }

  /** @internal */
  public _problems(): string[] {
    return [];
  }

  /** @internal */
  public _admit(scope: Construct, mirror: iam.IRole): void {
    allow(scope, mirror, 'lambda:InvokeFunction', this.handler.functionArn);
  }
}

class AliasJudge extends Judge {
  private readonly alias: string;

  constructor(private readonly endpoint: IModelEndpoint, private readonly options: AliasJudgeOptions) {
    super();
    this.alias = options.alias ?? 'live';
  }

  /** @internal */
  public _by(): JudgedBy {
    const { endpoint, alias } = this;
    return { kind: 'alias', url: endpoint.urlFor(alias), alias, region: Stack.of(endpoint).region, ...judging(this.options) };
  }

  /** @internal */
  public _problems(): string[] {
    const { endpoint, alias } = this;
    return [
      ...(ModelEndpoint.isModelEndpoint(endpoint)
        ? [
            ...(endpoint._alias(alias) === undefined ? [undeclared(alias, 'a judge')] : []),
            ...(endpoint._iamAuth
              ? []
              : [
                  `the judge is an alias of endpoint ${JSON.stringify(endpoint.node.path)}, whose authentication is not IAM, so that a `
                    + 'mirror cannot prove who it is; give that endpoint EndpointAuth.iam(), or take Judge.fromFunction',
                ]),
          ]
        : []),
      ...modelProblems(this.options),
    ];
  }

  /**
   * A judge's answers, were they mirrored to it in turn, would have no end.
   *
   * @internal
   */
  public override _placeProblems(scope: Construct, aliasKey: string): string[] {
    const judge = routeKey(this.endpoint.endpointName, this.alias);
    const { root } = scope.node;
    const judged = JUDGED_BY.get(root) ?? new Map<string, Set<string>>();
    JUDGED_BY.set(root, judged.set(aliasKey, (judged.get(aliasKey) ?? new Set()).add(judge)));
    return leadsTo(judged, judge, aliasKey, new Set())
      ? [
          `the judge is alias ${JSON.stringify(judge)}, whose own answers are judged by way of alias ${JSON.stringify(aliasKey)}, so that `
            + 'every judgement would ask for others without end; give another judge',
        ]
      : [];
  }

  /** @internal */
  public _admit(scope: Construct, mirror: iam.IRole): void {
    allow(scope, mirror, 'execute-api:Invoke', this.endpoint.grants._invocationsArn(this.alias));
  }
}

class BedrockJudge extends Judge {
  constructor(private readonly options: BedrockJudgeOptions) {
    super();
  }

  /** @internal */
  public _by(): JudgedBy {
    const { modelId, additionalModelRequestFields: fields } = this.options;
    const settings = optional('additionalModelRequestFields', fields);
    return {
      kind: 'bedrock',
      target: { kind: 'bedrock', modelId, version: 'judge', settings, maxRequestBytes: LAMBDA_PAYLOAD_BYTES },
      ...judging(this.options),
    };
  }

  /** @internal */
  public _problems(): string[] {
    return [...new BedrockModelBackend(this.asked).validate(), ...modelProblems(this.options)];
  }

  /** @internal */
  public override _placeProblems(scope: Construct): string[] {
    return placeProblems(scope, this.asked, 'mirror');
  }

  /** @internal */
  public _admit(scope: Construct, mirror: iam.IRole): void {
    allowBedrock(new Construct(scope, 'Judge'), mirror, this.asked, 'whole');
  }

  private get asked(): Pick<BedrockJudgeOptions, 'modelId' | 'foundationModels' | 'additionalModelRequestFields'> {
    const { modelId, foundationModels, additionalModelRequestFields } = this.options;
    return { modelId, foundationModels, additionalModelRequestFields };
  }
}

/** By app: the aliases whose answers are judged, and by which aliases. */
const JUDGED_BY = new WeakMap<object, Map<string, Set<string>>>();

function leadsTo(judged: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string, seen: Set<string>): boolean {
  if (from === to || seen.has(from)) {
    return from === to;
  }
  seen.add(from);
  return [...judged.get(from) ?? []].some((next) => leadsTo(judged, next, to, seen));
}

function judging({ criteria, maxAnswerTokens, maxTokensPerDay, prices }: ModelJudgeOptions): JudgingModel {
  return {
    ...optional('criteria', criteria),
    maximumAnswerTokens: maxAnswerTokens ?? ANSWER_TOKENS,
    maximumTokensPerDay: maxTokensPerDay ?? TOKENS_PER_DAY,
    ...(prices && { prices: { input: prices.inputPerMillion, output: prices.outputPerMillion } }),
  };
}

function modelProblems({ criteria, maxAnswerTokens, maxTokensPerDay, prices }: ModelJudgeOptions): string[] {
  const length = criteria?.length ?? 1;
  return [
    ...(length >= 1 && length <= MOST_CRITERIA
      ? []
      : [`criteria of the judge has ${length} characters, but must have 1 to ${MOST_CRITERIA}; say it shorter, or leave it out`]),
    ...wholeProblem(
      'maxAnswerTokens of the judge', maxAnswerTokens, [16, 65_536], 'tokens', `${ANSWER_TOKENS} are the default; reasoning needs more`,
    ),
    ...knownProblem(
      'maxTokensPerDay of the judge', maxTokensPerDay, [1_000, 1e12], 'tokens', `${TOKENS_PER_DAY} are the default`,
    ),
    ...(prices === undefined ? [] : priceProblems('prices of the judge', prices)),
  ];
}

function allow(scope: Construct, role: iam.IRole, action: string, resource: string): void {
  new iam.Policy(scope, 'Compare', {
    roles: [role],
    statements: [new iam.PolicyStatement({ actions: [action], resources: [resource] })],
  });
}
