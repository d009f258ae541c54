import { Duration, Token } from 'aws-cdk-lib/core';
import { CanaryRollout, FeedbackOutcome, Guardrail, InferenceFeedback, InferenceLog, Model, ModelEndpoint, ShadowMirror, TrafficShift } from '../../lib';
import { echo, folder } from '../fixtures/python-models';
import { inline, newEndpoint, newStack } from '../fixtures/stacks';

const token = (): number => Token.asNumber({ Ref: 'Parameter' });

function messageOf(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

test('a rollout with mistakes of every sort tells all of them in one error', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  const message = messageOf(() => new CanaryRollout(stack, 'Rollout', {
    endpoint,
    alias: 'beta',
    holdbackPercent: 60,
    shift: TrafficShift.steps([50, 10], { bakeTime: Duration.seconds(token()) }),
    guardrails: [Guardrail.errorPercentAbove(1), Guardrail.errorPercentAbove(200)],
    candidate: inline('v2', { memorySize: 1 }),
    candidateTimeBudget: Duration.seconds(token()),
    lease: Duration.seconds(1),
    minRequests: 1.5,
    smokeTests: [{ body: '{' }],
    shadow: { bakeTime: Duration.minutes(1), minAgreementRate: 2, sampleRate: 7 },
    previewAlias: 'a/b',
  }));
  for (const part of [
    /alias "beta" is not declared/,
    /holdbackPercent is 60 %/,
    /step 2 of the traffic shift is 10 %/,
    /bake time of step 1 of the traffic shift is known only at deployment/,
    /more than one guardrail is named/,
    /is 200 %/,
    /memorySize of the Lambda model is 1 MiB/,
    /candidateTimeBudget is known only at deployment/,
    /lease of the rollout is 1 s/,
    /minRequests of the rollout is 1.5/,
    /body of "smoke test 1"/,
    /minAgreementRate .* is 2/,
    /sampleRate is 7/,
    /previewAlias "a\/b"/,
  ]) {
    expect(message).toMatch(part);
  }
  expect(message).not.toMatch(/Token\[|NaN|undefined/);
});

test('what shows only where the rollout is, is told with the rest', () => {
  const stack = newStack();
  const endpoint = newEndpoint(stack);
  const message = messageOf(() => new CanaryRollout(stack, 'Rollout', {
    endpoint, candidate: inline('v2', { timeout: Duration.minutes(1) }), deadline: Duration.minutes(15), previewAlias: 'live', minRequests: -1,
  }));
  expect(message).toMatch(/^4 problems:/m);
  expect(message).toMatch(/variant "candidate" is 60 s/);
  expect(message).toMatch(/the deadline is 15 min/);
});

test.each<[string, (endpoint: ModelEndpoint) => unknown, RegExp[]]>([
  ['a mirror', (endpoint) => new ShadowMirror(newStack('Other'), 'Shadow', {
    endpoint, alias: 'beta', sampleRate: token(), timeout: Duration.seconds(token()), model: inline('v2', { memorySize: 1 }),
  }), [/is in stack "Stack"/, /alias "beta" is not declared/, /sampleRate is known only/, /timeout is known only/, /memorySize/]],
  ['feedback', (endpoint) => new InferenceFeedback(newStack('Other'), 'Feedback', {
    endpoint, alias: 'beta', sampleRate: token(), window: Duration.seconds(1), outcome: FeedbackOutcome.label('label'),
  }), [/is in stack "Stack"/, /alias "beta" is not declared/, /sampleRate .* is known only/, /window .* is 1/, /label/]],
  ['a log', (endpoint) => new InferenceLog(newStack('Other'), 'Log', {
    endpoint, aliases: ['beta'], sampleRate: token(), bufferInterval: Duration.seconds(1),
  }), [/is in stack "Stack"/, /alias "beta" is not declared/, /sampleRate is known only/, /bufferInterval is 1 s/]],
  ['an alias', (endpoint) => endpoint.addAlias('live', { model: inline('v2', { timeout: Duration.minutes(1) }) }),
    [/alias "live" is there already/, /timeout of the model of variant "production" is 60 s/]],
])('%s tells all mistakes in one error', (_, define, parts) => {
  const message = messageOf(() => define(newEndpoint()));
  parts.forEach((part) => expect(message).toMatch(part));
});

test('an endpoint tells what its models show only when they are bound with the rest', () => {
  const stack = newStack();
  newEndpoint(stack);
  const message = messageOf(() => new ModelEndpoint(stack, 'Second', {
    endpointName: 'fraud', routerMemorySize: 1, model: inline('v2', { timeout: Duration.minutes(1) }),
  }));
  [/routerMemorySize is 1 MiB/, /endpointName is "fraud"/, /is 60 s, but the endpoint answers within 29 s/].forEach((part) => expect(message).toMatch(part));
});

describe('what the bundling of a Python model finds', () => {
  /** Whether the module is in a library shows once the libraries are there. */
  const lacking = (module: string): Model =>
    Model.pythonFunction({ entry: folder({ 'model.py': echo, 'requirements.txt': 'six==1.17.0\n' }), handler: `${module}.predict` });
  const [one, two] = ['one', 'two'].map((module) => new RegExp(`the Python model "[^"]*" has no module "${module}", neither in its folder nor in a library`));

  test('is told of every model, with the other mistakes of an endpoint', () => {
    const message = messageOf(() => new ModelEndpoint(newStack(), 'Fraud', {
      routerMemorySize: 1, variants: [{ name: 'production', model: lacking('one') }, { name: 'other', model: lacking('two'), weight: 1 }],
    }));
    expect(message).toMatch(/^3 problems:/m);
    [/routerMemorySize is 1 MiB/, one, two].forEach((part) => expect(message).toMatch(part));
  });

  test('is told of a candidate with the other mistakes of its rollout', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    const message = messageOf(() => new CanaryRollout(stack, 'Rollout', { endpoint, candidate: lacking('one'), minRequests: 1.5 }));
    [/minRequests of the rollout is 1.5/, one].forEach((part) => expect(message).toMatch(part));
  });

  test('is told of a shadow with the other mistakes of its mirror', () => {
    const stack = newStack();
    const endpoint = newEndpoint(stack);
    const message = messageOf(() => new ShadowMirror(stack, 'Shadow', { endpoint, sampleRate: 7, model: lacking('one') }));
    [/sampleRate is 7/, one].forEach((part) => expect(message).toMatch(part));
  });

  test('is a sentence of its own where nothing else is wrong', () => {
    expect(messageOf(() => newEndpoint(newStack(), { model: lacking('one') }))).toMatch(new RegExp(`^${one.source}`));
  });
});
