import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Duration, SecretValue, Size, Stack } from 'aws-cdk-lib/core';
import { BlueGreenRollout, CanaryRollout, Comparison, Guardrail, Model, ModelEndpoint, ModelImage, RolloutApproval, TrafficShift } from '../../lib';

// Whoever compares two templates, by `cdk diff`, a change set or in a review, reads what changes in a model and what then happens.

const inline = (text: string, memorySize?: number): Model =>
  Model.lambdaFunction({ code: lambda.Code.fromInline(text), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, memorySize, environment: { ARTIFACT: `${text}.json` } });
const image = (text: string): ModelImage => ModelImage.fromUri(`111111111111.dkr.ecr.eu-west-1.amazonaws.com/models@sha256:${text.repeat(64)}`);
const newStack = (app = new App()): Stack => new Stack(app, 'Shop', { env: { account: '111111111111', region: 'eu-west-1' } });

type Told = { readonly [member: string]: unknown; readonly then?: string };
interface Route {
  readonly Metadata: { readonly 'cdk-model-rollout': Told };
  readonly Properties: unknown;
}
const routeOf = (stack: Stack): Route => Object.values(Template.fromStack(stack).findResources('Custom::ModelRolloutRoute'))[0] as Route;
const told = (model: Model, attach: (endpoint: ModelEndpoint, stack: Stack) => unknown = () => undefined): Told => {
  const stack = newStack();
  attach(new ModelEndpoint(stack, 'Fraud', { model }), stack);
  return routeOf(stack).Metadata['cdk-model-rollout'];
};

/** The app with a model of so much memory. */
function assembly(memory: number): string {
  const app = new App({ outdir: mkdtempSync(join(tmpdir(), 'diff-')) });
  const stack = newStack(app);
  new CanaryRollout(stack, 'Rollout', { endpoint: new ModelEndpoint(stack, 'Fraud', { model: inline('v1', memory) }) });
  return app.synth().directory;
}

/** What `cdk diff` says of another memory. */
function diff(before: number, after: number, ...options: string[]): string {
  const cdk = join(__dirname, '../../node_modules/.bin/cdk');
  const template = join(assembly(before), 'Shop.template.json');
  const { stdout, stderr } = spawnSync(process.execPath, [cdk, 'diff', '--app', assembly(after), '--template', template, ...options, 'Shop'], {
    // Elsewhere the command would read this project's cdk.json, and build the handlers anew that other tests run.
    cwd: tmpdir(), encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', AWS_REGION: 'eu-west-1', CDK_DISABLE_VERSION_CHECK: '1' },
  });
  // Where CI is set the command writes to the first, else to the second.
  return (stdout + stderr).replaceAll(/[│├└─ ]+/g, ' ');
}

test('cdk diff says what changes in a model, and by which steps it reaches callers', () => {
  const said = diff(512, 1024);
  expect(said).toMatch(/\.memory:\s+\[-\] 512 MiB\s+\[\+\] 1024 MiB/);
  expect(said).toMatch(/\[\+\] version [0-9a-f]{12} gets 5 %, 25 % and 50 % of the requests for 5 min each, then 80 % for 10 min, and becomes production, unless it is rolled back for circuit-breaker, errors or latency; the deployment waits/);
  expect(diff(512, 512)).toMatch(/There were no differences|no differences/i);
});

test('a changed model is a change that cdk deploy asks approval for, and the pages say what CI needs', () => {
  expect(diff(512, 1024, '--security-only')).toMatch(/IAM Statement Changes[\s\S]*Fraud\/Versions\/Lambda/);
  expect(diff(512, 512, '--security-only')).not.toMatch(/IAM Statement Changes/);
  for (const page of ['ci', 'model-endpoint']) {
    expect(readFileSync(join(__dirname, '../../docs/guides', `${page}.md`), 'utf8')).toMatch(/--require-approval never/);
  }
});

test('what is told is no property, so that other words alone call nobody', () => {
  const stack = newStack();
  new ModelEndpoint(stack, 'Fraud', { model: inline('v1') });
  expect(JSON.stringify(routeOf(stack).Properties)).not.toMatch(/requests at once|MiB/);
});

describe('what a version is', () => {
  test('is told by name and unit, without what is not set', () => {
    expect(told(inline('v1')).model).toEqual({
      kind: 'Lambda', code: { inlineCode: 'v1' }, handler: 'index.handler', runtime: 'nodejs24.x', memory: '1024 MiB', timeout: '29 s', architecture: 'x86_64',
      variables: { ARTIFACT: 'v1.json' }, environment: { ARTIFACT: 'v1.json' }, snapStart: 'false', contract: 'json',
    });
  });

  test('of a folder is its content, of long texts their beginning and a hash', () => {
    expect(told(Model.lambdaFunction({ code: lambda.Code.fromAsset(join(__dirname, '../../examples/digits/model')), handler: 'a.b', runtime: lambda.Runtime.PYTHON_3_13 })).model).toMatchObject({
      code: { s3Location: { objectKey: expect.stringMatching(/^content [0-9a-f]{12}$/) as string } },
    });
    const [one, other] = ['a', 'b'].map((end) => (told(inline(`${'x'.repeat(200)}${end}`)).model as { code: { inlineCode: string } }).code.inlineCode);
    expect(one).toMatch(/^x{80}… \([0-9a-f]{6}\)$/);
    expect(one).not.toBe(other);
  });

  test('of a secret is where it is and which version of it, as nothing that CloudFormation would resolve in metadata', () => {
    const ARTIFACT = SecretValue.secretsManager('fraud', { versionId: 'f0e1' }).unsafeUnwrap();
    const { model } = told(Model.lambdaFunction({ code: lambda.Code.fromInline('v1'), handler: 'a.b', runtime: lambda.Runtime.NODEJS_24_X, environment: { ARTIFACT } }));
    expect(model).toMatchObject({ environment: { ARTIFACT: '<resolve:secretsmanager:fraud:SecretString:::f0e1>' } });
    expect(JSON.stringify(model)).not.toContain('{{');
  });

  const instances = (props: Partial<Parameters<typeof Model.sageMaker>[0]> = {}): Model => Model.sageMaker({ image: image('a'), instanceType: 'ml.c6i.large', ...props });
  test.each<[string, Model, Model]>([
    ['code', inline('v1'), inline('v2')],
    ['an image', instances(), instances({ image: image('b') })],
    ['an instance type', instances(), instances({ instanceType: 'ml.c6i.xlarge' })],
    ['a volume', instances(), instances({ volumeSize: Size.gibibytes(20) })],
    ['an environment', instances(), instances({ environment: { THREADS: '2' } })],
    ['a backend', instances(), Model.sageMakerServerless({ image: image('a') })],
    ['an endpoint that exists', Model.fromSageMakerEndpointName('one'), Model.fromSageMakerEndpointName('other')],
  ])('differs in words where it differs in %s', (_, one, other) => expect(told(one).model).not.toEqual(told(other).model));

  test('is told for every variant and for a candidate', () => {
    const stack = newStack();
    new ModelEndpoint(stack, 'Fraud', { variants: [{ name: 'a', model: inline('v1'), weight: 9 }, { name: 'b', model: inline('v2'), weight: 1 }] });
    expect(Object.keys(routeOf(stack).Metadata['cdk-model-rollout'])).toEqual(['variant a', 'variant b']);
    expect(told(inline('v1'), (endpoint) => new CanaryRollout(endpoint.node.scope as Stack, 'Rollout', { endpoint, candidate: inline('v2') })).candidate).toMatchObject({ code: { inlineCode: 'v2' } });
  });
});

describe('what follows', () => {
  const follows = (attach: Parameters<typeof told>[1]): string | undefined => told(inline('v1'), attach).then?.replace(/[0-9a-f]{12}/, 'X');

  test('without a rollout', () => expect(follows(undefined)).toBe('version X gets all requests at once'));

  test('of steps that differ, with approval', () => {
    expect(
      follows(
        (endpoint, stack) =>
          new CanaryRollout(stack, 'Rollout', {
            endpoint,
            shift: TrafficShift.custom([
              { percent: 1, bakeTime: Duration.minutes(5) },
              { percent: 10, bakeTime: Duration.hours(1), approval: true },
            ]),
            finalBakeTime: Duration.hours(1),
            guardrails: [Guardrail.errorPercentAbove(1)],
            circuitBreaker: false,
            deadline: Duration.hours(8),
          }),
      ),
    ).toBe(
      'version X gets 1 % of the requests for 5 min, then 10 % and 80 % for 1 h each, and becomes production, unless it is rolled back for error-rate; it waits for approval; ' +
        'the deployment waits for the end, 8 h at most',
    );
  });

  test('of a shadow first', () => {
    expect(follows((endpoint, stack) => new CanaryRollout(stack, 'Rollout', { endpoint, shadow: { bakeTime: Duration.minutes(20), comparison: Comparison.label('$.label'), minAgreementRate: 0.9 } })))
      .toMatch(/^version X is a shadow for 20 min, then gets 5 %, 25 % and 50 % of the requests/);
  });

  test('of blue and green', () => {
    expect(follows((endpoint, stack) => new BlueGreenRollout(stack, 'Rollout', { endpoint, guardrails: [Guardrail.errorPercentAbove(1)] })))
      .toMatch(/^version X gets 100 % of the requests for .*, and becomes production, unless it is rolled back for circuit-breaker or error-rate; the deployment waits/);
  });

  test('of a candidate, for which no deployment waits', () => {
    expect(follows((endpoint, stack) => new CanaryRollout(stack, 'Rollout', { endpoint, candidate: inline('v2'), approval: RolloutApproval.FINAL_BAKE, deadline: Duration.days(14) })))
      .toMatch(/; it waits for approval; the deployment does not wait for the end$/);
  });
});
