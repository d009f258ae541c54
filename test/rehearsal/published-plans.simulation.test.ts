import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Template } from 'aws-cdk-lib/assertions';
import { Duration, type Stack, TimeZone } from 'aws-cdk-lib/core';
import * as typescript from 'typescript';
import { DigitsRolloutStack } from '../../examples/digits/rollout-stack';
import * as constructs from '../../lib';
import { rolloutsOf } from '../../rehearsal/assembly/find-rollouts';
import type { FoundRollout } from '../../rehearsal/assembly/found-rollout';
import { rehearse } from '../../rehearsal/engine/rehearse';
import { USUAL } from '../../lib/core/rehearsal/built-in';
import { inline, newEndpoint, newStack, warnings } from '../fixtures/stacks';

const ROOT = join(__dirname, '..', '..');
/** What a reader has who knows nothing better: ten requests a second, of which one in a hundred fails. */
const EXPECTED = { expectedRequestsPerSecond: USUAL.traffic.requestsPerSecond, expectedErrorRate: USUAL.production.errorRate };
/** Warnings that say that a healthy candidate will not get through, and the ends that they speak of. */
const SAYS_SO: { readonly [warning: string]: RegExp } = { stepInconclusive: /not certified/, alarmTooSensitive: /aborted by alarm/ };

/** The same construct, told what traffic there is, so that synthesis may say what comes of it. */
class Canary extends constructs.CanaryRollout {
  constructor(scope: Stack, id: string, props: constructs.CanaryRolloutProps) {
    super(scope, id, { ...EXPECTED, ...props });
  }
}
class BlueGreen extends constructs.BlueGreenRollout {
  constructor(scope: Stack, id: string, props: constructs.BlueGreenRolloutProps) {
    super(scope, id, { ...EXPECTED, ...props });
  }
}

/** TypeScript in documents that defines a rollout, by its place. */
function shown(file: string): [string, string][] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/```ts\n([\s\S]*?)```/g)].flatMap(({ 1: code, index }): [string, string][] =>
    (/new (Canary|BlueGreen)Rollout\(/.test(code) ? [[`${file}, ${/new (?:Canary|BlueGreen)Rollout\(this, '(\w+)'/.exec(code)?.[1]} in line ${text.slice(0, index).split('\n').length}`, code]] : []));
}

/** An endpoint of a language model. */
function chatOf(stack: Stack): constructs.ModelEndpoint {
  return new constructs.ModelEndpoint(stack, 'Chat', { model: inline('chat'), generative: true, responseStreaming: true });
}

/** What the code defines, in a stack that has what the documents' fixture declares. */
function defined(code: string): Stack {
  const stack = newStack();
  const role = (id: string): iam.Role => new iam.Role(stack, id, { assumedBy: new iam.AccountRootPrincipal() });
  // A shadow has been tried, and is what is rolled out now.
  const model = /new ShadowMirror\(/.test(code) ? inline('v2') : inline('v1');
  const own = /\bendpoint\b(?!:)/.test(code) ? newEndpoint(stack, { endpointName: 'own', model }) : undefined;
  if (code.includes("'beta'") && !code.includes('addAlias(')) {
    own?.addAlias('beta', { model });
  }
  const known = {
    ...constructs, CanaryRollout: Canary, BlueGreenRollout: BlueGreen, Duration, TimeZone, lambda, s3,
    repository: ecr.Repository.fromRepositoryName(stack, 'Images', 'fraud'), bucket: s3.Bucket.fromBucketName(stack, 'Artifacts', 'models'),
    endpoint: own, v1: inline('v1'), v2: inline('v2'), caller: role('CallerOfModels'),
    ...(code.includes('declare const chat') ? { chat: chatOf(stack) } : {}),
    fn: lambda.Function.fromFunctionArn(stack, 'Fn', 'arn:aws:lambda:eu-west-1:111111111111:function:fn'),
    checkoutErrors: cloudwatch.Alarm.fromAlarmArn(stack, 'CheckoutErrors', 'arn:aws:cloudwatch:eu-west-1:111111111111:alarm:checkout'),
    topic: new sns.Topic(stack, 'Topic'), onCall: role('OnCall'), releaseManager: role('ReleaseManager'), tester: role('Tester'), auditor: role('Auditor'),
  };
  const script = typescript.transpileModule(code, {
    compilerOptions: { target: typescript.ScriptTarget.ES2022, module: typescript.ModuleKind.None },
  }).outputText;
  (new Function(...Object.keys(known), script) as (...values: unknown[]) => void).call(stack, ...Object.values(known));
  return stack;
}

const folder = process.cwd();

beforeAll(() => {
  // The models and the golden requests that the documents name.
  const models = mkdtempSync(join(tmpdir(), 'models-'));
  mkdirSync(join(models, 'models', 'fraud'), { recursive: true });
  writeFileSync(join(models, 'models', 'fraud', 'model.py'), 'def predict(features):\n    return 1\n');
  mkdirSync(join(models, 'golden'));
  writeFileSync(join(models, 'golden', 'fraud.jsonl'), Array.from({ length: 600 }, (_, row) => JSON.stringify({ request: { row }, label: row % 2 })).join('\n'));
  process.chdir(models);
});
afterAll(() => process.chdir(folder));

const verdicts = async (rollout: FoundRollout): Promise<string[]> => {
  const told = new Set<string>();
  for (let seed = 1; seed <= 3; seed++) {
    const { verdict, sentence } = await rehearse(rollout, USUAL, { seed });
    told.add(verdict === 'promoted' ? verdict : `${verdict}: ${sentence}`);
  }
  return [...told];
};

const documents = ['README.md', ...['docs', 'examples'].flatMap((under) =>
  readdirSync(join(ROOT, under), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.md')).map((file) => join(under, file)))];

test.each(documents.flatMap(shown))('%s promotes a healthy model at ten requests a second, or synthesis warns', async (_, code) => {
  const stack = defined(code);
  const rollouts = rolloutsOf('Stack', Template.fromStack(stack).toJSON());
  for (const rollout of rollouts) {
    const told = await verdicts(rollout);
    const foretold = Object.entries(SAYS_SO)
      .filter(([id]) => warnings(stack).some((warning) => warning.includes(id)))
      .map(([, end]) => end);
    expect(told.filter((end) => end !== 'promoted' && !foretold.some((each) => each.test(end)))).toEqual([]);
  }
});

test('the plan of the example promotes a healthy model at ten requests a second', async () => {
  const stack = new DigitsRolloutStack(newStack().node.root as never, 'Digits', { model: inline('v1', { timeout: Duration.seconds(10) }) });
  const [rollout] = rolloutsOf('Digits', Template.fromStack(stack).toJSON());
  expect(await verdicts(rollout)).toEqual(['promoted']);
});
