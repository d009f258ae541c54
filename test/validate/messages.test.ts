import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { App, Duration, NestedStack, Size, Stack, Token } from 'aws-cdk-lib/core';
import * as typescript from 'typescript';
import {
  BlueGreenRollout,
  CanaryRollout,
  Comparison,
  FeedbackOutcome,
  Guardrail,
  InferenceFeedback,
  InferenceLog,
  Judge,
  Model,
  ModelArtifact,
  ModelEndpoint,
  ModelImage,
  ShadowMirror,
  TrafficShift,
  RegressionDirection,
} from '../../lib';

// What is known only at deployment, and what is nonsense, is told in words: no message shows a token, a NaN that nobody gave, or the inside
// of an object.

/** Properties of the package's own interfaces, as its sources declare them: name and type. */
const INTERFACES = new Map<
  string,
  { readonly inherits: readonly string[]; readonly members: readonly (readonly [name: string, type: string])[] }
>();

for (const file of readdirSync(join(__dirname, '../../lib'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))) {
  typescript.createSourceFile(file, readFileSync(join(__dirname, '../../lib', file), 'utf8'), typescript.ScriptTarget.ES2022).forEachChild((node) => {
    if (typescript.isInterfaceDeclaration(node)) {
      INTERFACES.set(node.name.text, {
        inherits: (node.heritageClauses ?? []).flatMap(({ types }) =>
          types.map(({ expression }) => (expression as typescript.Identifier).text),
        ),
        members: node.members.flatMap((member) =>
          typescript.isPropertySignature(member) && typescript.isIdentifier(member.name) && member.type !== undefined
            ? [[member.name.text, typeText(member.type)] as const]
            : [],
        ),
      });
    }
  });
}

function typeText(type: typescript.TypeNode): string {
  if (typescript.isArrayTypeNode(type)) {
    return `${typeText(type.elementType)}[]`;
  }
  if (typescript.isTypeReferenceNode(type) && typescript.isIdentifier(type.typeName)) {
    return type.typeName.text;
  }
  return { [typescript.SyntaxKind.StringKeyword]: 'string', [typescript.SyntaxKind.NumberKeyword]: 'number' }[type.kind as number] ?? 'other';
}

function membersOf(name: string): (readonly [name: string, type: string])[] {
  const found = INTERFACES.get(name);
  return found === undefined ? [] : [...found.inherits.flatMap(membersOf), ...found.members];
}

/** For each type what only the deployment knows, and what nobody can mean. */
const WRONG: { readonly [type: string]: { readonly [what: string]: () => unknown } } = {
  'string': { token: () => Token.asString({ Ref: 'Parameter' }), empty: () => '', odd: () => 'a b/c"d$' },
  'number': { token: () => Token.asNumber({ Ref: 'Parameter' }), negative: () => -1, fraction: () => 0.3, nan: () => NaN },
  'Duration': { token: () => Duration.seconds(Token.asNumber({ Ref: 'Parameter' })), none: () => Duration.seconds(0) },
  'Size': { token: () => Size.mebibytes(Token.asNumber({ Ref: 'Parameter' })), none: () => Size.mebibytes(0) },
  'string[]': { token: () => [Token.asString({ Ref: 'Parameter' })], list: () => Token.asList({ Ref: 'Parameter' }), none: () => [], empty: () => [''] },
  'number[]': { token: () => [Token.asNumber({ Ref: 'Parameter' })], none: () => [], nan: () => [NaN], unordered: () => [5, 1] },
};

const echo = (props: object = {}): Model => Model.lambdaFunction({ code: lambda.Code.fromInline('v1'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, ...props });
const image = (): ModelImage => ModelImage.fromUri(`111111111111.dkr.ecr.eu-west-1.amazonaws.com/models@sha256:${'0'.repeat(64)}`);
const folder = mkdtempSync(join(tmpdir(), 'messages-'));
writeFileSync(join(folder, 'model.py'), 'def predict(request):\n    return 1\n');
writeFileSync(join(folder, 'model.tar.gz'), gzipSync('artifact'));

const endpointIn = (stack: Stack, props: object = {}): ModelEndpoint => new ModelEndpoint(stack, 'Fraud', { model: echo(), ...props });
const guarded = (guardrail: (stack: Stack, endpoint: ModelEndpoint) => Guardrail) => (stack: Stack): unknown => {
  const endpoint = endpointIn(stack);
  return new CanaryRollout(stack, 'Rollout', { endpoint, guardrails: [guardrail(stack, endpoint)] });
};
const shifted = (shift: TrafficShift) => (stack: Stack): unknown => new CanaryRollout(stack, 'Rollout', { endpoint: endpointIn(stack), shift });
const served = (model: Model) => (stack: Stack): unknown => new ModelEndpoint(stack, 'Fraud', { model });
const compared = (comparison: Comparison) => (stack: Stack): unknown => new ShadowMirror(stack, 'Shadow', { endpoint: endpointIn(stack), model: echo({ memorySize: 512 }), comparison });
const functionIn = (stack: Stack): lambda.IFunction =>
  lambda.Function.fromFunctionArn(stack, 'Fn', 'arn:aws:lambda:eu-west-1:111111111111:function:fn');
const metric = (metricName: string, statistic = 'Average'): cloudwatch.Metric => new cloudwatch.Metric({ namespace: 'Shop', metricName, statistic });
const pair = (name: string): { total: cloudwatch.Metric; bad: cloudwatch.Metric } => ({ total: metric(`${name}All`, 'Sum'), bad: metric(`${name}Bad`, 'Sum') });

/** What takes each of the interfaces. Names, whose tokens CloudFormation resolves, may be given; the message is what counts. */
const TAKES: { readonly [name: string]: (props: object) => (stack: Stack) => unknown } = {
  ModelEndpointProps: (props) => (stack) => endpointIn(stack, props),
  CanaryRolloutProps: (props) => (stack) => new CanaryRollout(stack, 'Rollout', { endpoint: endpointIn(stack), ...props }),
  BlueGreenRolloutProps: (props) => (stack) => new BlueGreenRollout(stack, 'Rollout', { endpoint: endpointIn(stack), ...props }),
  ShadowMirrorProps: (props) => (stack) =>
    new ShadowMirror(stack, 'Shadow', { endpoint: endpointIn(stack), model: echo({ memorySize: 512 }), ...props }),
  InferenceFeedbackProps: (props) => (stack) =>
    new InferenceFeedback(stack, 'Feedback', { endpoint: endpointIn(stack), outcome: FeedbackOutcome.label('$.label'), ...props }),
  InferenceLogProps: (props) => (stack) => new InferenceLog(stack, 'Log', { endpoint: endpointIn(stack), ...props }),
  LambdaFunctionModelOptions: (props) => served(echo(props)),
  PythonFunctionModelOptions: (props) => served(Model.pythonFunction({ entry: folder, ...props })),
  SageMakerModelOptions: (props) => served(Model.sageMaker({ image: image(), instanceType: 'ml.c6i.large', ...props })),
  InstanceCount: (props) =>
    served(Model.sageMaker({ image: image(), instanceType: 'ml.c6i.large', instances: { min: 1, max: 2, ...props } })),
  SageMakerServerlessModelOptions: (props) => served(Model.sageMakerServerless({ image: image(), ...props })),
  ExistingFunctionOptions: (props) => (stack) =>
    served(
      Model.fromFunction(lambda.Function.fromFunctionArn(stack, 'Fn', 'arn:aws:lambda:eu-west-1:111111111111:function:fn:1'), props),
    )(stack),
  ExistingSageMakerEndpointOptions: (props) => served(Model.fromSageMakerEndpointName('fraud', props)),
  VariantOptions: (props) => (stack) =>
    new ModelEndpoint(stack, 'Fraud', {
      variants: [
        { name: 'a', model: echo() },
        { name: 'b', model: echo({ memorySize: 512 }), ...props },
      ],
    }),
  ErrorRateGuardrailOptions: (props) => guarded(() => Guardrail.errorRate(props)),
  LatencyGuardrailOptions: (props) => guarded(() => Guardrail.latency(props)),
  ThresholdGuardrailOptions: (props) => guarded(() => Guardrail.errorPercentAbove(1, props)),
  LatencyThresholdOptions: (props) => guarded(() => Guardrail.latencyAbove(Duration.millis(100), props)),
  SampleRatioGuardrailOptions: (props) => guarded(() => Guardrail.sampleRatio(props)),
  PredictionDriftGuardrailOptions: (props) => guarded(() => Guardrail.predictionDrift({ path: '$.score', bins: [0.5], ...props })),
  MetricGuardrailOptions: (props) =>
    guarded(() => Guardrail.metric({ candidate: pair('candidate'), production: pair('production'), label: 'declined', ...props })),
  MetricMeanGuardrailOptions: (props) =>
    guarded(() =>
      Guardrail.metricMean({
        candidate: metric('a'),
        production: metric('b'),
        minValue: 0,
        maxValue: 5,
        regression: RegressionDirection.DECREASE,
        label: 'stars',
        ...props,
      }),
    ),
  AgreementGuardrailOptions: (props) =>
    guarded((stack, endpoint) =>
      Guardrail.agreement({ mirror: new ShadowMirror(stack, 'Shadow', { endpoint, model: echo() }), minAgreementRate: 0.9, ...props }),
    ),
  PreferenceGuardrailOptions: (props) =>
    guarded((stack, endpoint) =>
      Guardrail.preference({
        mirror: new ShadowMirror(stack, 'Shadow', { endpoint, model: echo(), comparison: Comparison.judge(Judge.fromFunction(functionIn(stack))) }), ...props,
      }),
    ),
  FeedbackGuardrailOptions: (props) =>
    guarded((stack, endpoint) =>
      Guardrail.feedback({
        feedback: new InferenceFeedback(stack, 'Feedback', { endpoint, outcome: FeedbackOutcome.label('$.label') }),
        labelDelay: Duration.minutes(1),
        ...props,
      }),
    ),
  CanaryShiftOptions: (props) => shifted(TrafficShift.canary({ stepPercent: 5, stepBakeTime: Duration.minutes(5), ...props })),
  LinearShiftOptions: (props) => shifted(TrafficShift.linear({ stepPercent: 20, stepBakeTime: Duration.minutes(5), ...props })),
  ExponentialShiftOptions: (props) =>
    shifted(TrafficShift.exponential({ startPercent: 1, factor: 4, stepBakeTime: Duration.minutes(5), ...props })),
  AdaptiveShiftOptions: (props) =>
    shifted(TrafficShift.adaptive({ harmBudget: 200, expectedRequestsPerSecond: 100, expectedErrorRate: 0.01, ...props })),
  NumberComparisonOptions: (props) => compared(Comparison.number('$.score', props)),
  RankingComparisonOptions: (props) => compared(Comparison.ranking('$.items', props)),
  ProbabilityComparisonOptions: (props) => compared(Comparison.probabilities('$.p', props)),
  EmbeddingComparisonOptions: (props) => compared(Comparison.embedding('$.v', props)),
  TextComparisonOptions: (props) => compared(Comparison.text(props)),
  JsonComparisonOptions: (props) => compared(Comparison.json(props)),
  CustomComparisonOptions: (props) => (stack) =>
    compared(Comparison.custom(functionIn(stack), props))(stack),
  AliasJudgeOptions: (props) => (stack) => compared(Comparison.judge(Judge.alias(new ModelEndpoint(stack, 'Other', { model: echo() }), props)))(stack),
  BedrockJudgeOptions: (props) => compared(Comparison.judge(Judge.bedrock({ modelId: 'amazon.nova-lite-v1:0', ...props }))),
  JudgeOptions: (props) => (stack) => compared(Comparison.judge(Judge.fromFunction(functionIn(stack)), props))(stack),
};

/** All that is said of it: the error, or what is at the constructs. */
function said(define: (stack: Stack) => unknown): string[] {
  const app = new App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new Stack(app, 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } });
  try {
    define(stack);
  } catch (error) {
    return [`${(error as Error).name}: ${(error as Error).message}`];
  }
  return stack.node.findAll().flatMap(({ node }) => node.metadata.filter(({ type }) => /^aws:cdk:(?:warning|error|info)$/.test(type)).map(({ data }) => String(data)));
}

/** A token as a text or a number, and what a program says to itself. */
const SLIP = /Token\[|TOKEN\.|e\+289|<unresolved|\[object|\bundefined\b| is {2}| is \d+ ,/;

describe.each(Object.keys(TAKES))('%s', (name) => {
  const wrong = membersOf(name).flatMap(([member, type]) =>
    Object.entries(WRONG[type] ?? {}).map(([what, value]) => [member, what, value] as const),
  );

  test('is one that is declared, with something that can be wrong', () => expect(wrong.length).toBeGreaterThan(0));

  test('is answered in words, whatever is given', () => {
    const slips = wrong.flatMap(([member, what, value]) =>
      said((stack) => TAKES[name]({ [member]: value() })(stack))
        .filter((message) => SLIP.test(message) || /^(?:TypeError|RangeError|ReferenceError)/.test(message) || (what !== 'nan' && /\bNaN\b/.test(message)))
        .map((message) => `${member}, ${what}: ${message}`));
    expect(slips).toEqual([]);
  });
});

describe('what stands beside options', () => {
  const cases: [string, (stack: Stack) => unknown, RegExp][] = [
    ['a rollout in a nested stack', (stack) => new CanaryRollout(new NestedStack(stack, 'Nested'), 'Rollout', { endpoint: endpointIn(stack) }), /the endpoint is in stack "Stack", but a rollout is part of its deployment/],
    ['an endpoint in a nested stack', (stack) => new CanaryRollout(stack, 'Rollout', { endpoint: endpointIn(new NestedStack(stack, 'Nested')) }), /the endpoint is in stack "Stack\/Nested"/],
    ['a missing endpoint', (stack) => new CanaryRollout(stack, 'Rollout', { endpoint: undefined as never }), /endpoint is missing/],
    ['a latency that the deployment knows', guarded(() => Guardrail.latencyAbove(Duration.millis(Token.asNumber({ Ref: 'P' })))), /threshold of Guardrail.latencyAbove is known only at deployment/],
    ['a rate that the deployment knows', guarded(() => Guardrail.errorPercentAbove(Token.asNumber({ Ref: 'P' }))), /known only at deployment/],
    ['an image that the deployment knows', served(Model.sageMaker({ image: ModelImage.fromUri(Token.asString({ Ref: 'P' })), instanceType: 'ml.c6i.large', version: 'v1' })), /whose address is known only at deployment/],
    ['a folder that is not there', served(Model.pythonFunction({ entry: 'no/such/folder' })), /there is none at \/.*no\/such\/folder/],
    ['an artifact that is not there', served(Model.sageMaker({ image: image(), artifact: ModelArtifact.fromAsset('no/model.tar.gz'), instanceType: 'ml.c6i.large' })), /is not there \(\/.*no\/model\.tar\.gz\)/],
    ['steps that the deployment knows', shifted(TrafficShift.steps([Token.asNumber({ Ref: 'P' })], { bakeTime: Duration.minutes(5) })), /known only at deployment/],
    ['nothing that rolls back', (stack) => new CanaryRollout(stack, 'Rollout', { endpoint: endpointIn(stack), guardrails: [], circuitBreaker: false }), /^(?!.*half of its requests).*nothing rolls back/],
    ['the built-in alarm alone', (stack) => new CanaryRollout(stack, 'Rollout', { endpoint: endpointIn(stack), guardrails: [] }), /nothing but a candidate that fails half of its requests rolls back/],
  ];
  test.each(cases)('%s is told in words', (_, define, expected) => {
    const messages = said(define);
    expect(messages).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
    expect(messages.filter((message) => SLIP.test(message))).toEqual([]);
  });
});
