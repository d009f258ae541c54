import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Template } from 'aws-cdk-lib/assertions';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { CfnEndpoint } from 'aws-cdk-lib/aws-sagemaker';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import {
  App,
  Aws,
  CfnCondition,
  type CfnElement,
  CfnMapping,
  CfnParameter,
  CfnResource,
  CliCredentialsStackSynthesizer,
  DefaultStackSynthesizer,
  Fn,
  Intrinsic,
  type IResolvable,
  Lazy,
  LegacyStackSynthesizer,
  SecretValue,
  Stack,
  Stage,
  Token,
} from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import fc from 'fast-check';
import { type LambdaFunctionModelOptions, Model, ModelArtifact, ModelEndpoint, ModelImage } from '../../lib';
import { identify } from '../../lib/model/digest';

const digestOf = (...of: Parameters<typeof identify>): string => identify(...of).digest;

const stack = (): Stack => new Stack(new App(), 'Stack');

test('does not depend on the order of members, nor on what is undefined', () => {
  const scope = stack();
  expect(digestOf(scope, { a: 1, b: { c: 'x', d: [1, 2] } })).toBe(digestOf(scope, { b: { d: [1, 2], c: 'x' }, a: 1, e: undefined }));
  expect(digestOf(scope, {})).toMatch(/^[0-9a-f]{64}$/);
});

test('differs for everything that differs', () => {
  const scope = stack();
  const values = [1, '1', true, 'true', null, [1], ['1'], { a: 1 }, [{ a: 1 }], '', 0, false, 'a,b', ['a', 'b']];
  expect(new Set(values.map((value) => digestOf(scope, { value }))).size).toBe(values.length);
});

test('any two descriptions have the same digest just when they are the same JSON', () => {
  const scope = stack();
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      fc.pre(!/Token\[/.test(JSON.stringify([a, b])));
      const sorted = (value: unknown): string => JSON.stringify(value, (_key, item: unknown) =>
        item !== null && typeof item === 'object' && !Array.isArray(item) ? Object.fromEntries(Object.entries(item).sort(([x], [y]) => (x < y ? -1 : 1))) : item);
      expect(digestOf(scope, { a }) === digestOf(scope, { a: b })).toBe(sorted(a) === sorted(b));
    }),
  );
});

/** The digest in a fresh app, after some unrelated tokens have been made. */
const fresh = (describe: (scope: Stack) => unknown, noise = 0): string => {
  for (let i = 0; i < noise; i++) {
    Token.asString({ noise: i });
  }
  const scope = stack();
  return digestOf(scope, { value: describe(scope) });
};

const HASH = 'a'.repeat(64);

describe('a value that CloudFormation computes', () => {
  test.each<[string, (scope: Stack) => unknown]>([
    ['an attribute', (scope) => new s3.Bucket(scope, 'Bucket').bucketArn],
    ['a text around an attribute', (scope) => `s3://${new s3.Bucket(scope, 'Bucket').bucketName}/key`],
    ['a pseudo parameter', () => `${Aws.REGION}-x`],
    ['a function', (scope) => Fn.join('-', [new s3.Bucket(scope, 'Bucket').bucketName, 'x'])],
    ['an import', () => Fn.importValue('shop-table')],
    ['a mapping', (scope) => new CfnMapping(scope, 'M', { mapping: { [HASH]: { size: 'large' } } }).findInMap(Aws.REGION, 'size')],
  ])('counts as what it is computed from: %s', (_, describe) => expect(fresh(describe)).toBe(fresh(describe, 17)));

  test('references to different things differ', () => {
    const of = (id: string): string => fresh((scope) => new s3.Bucket(scope, id).bucketName);
    expect(of('A')).not.toBe(of('B'));
    expect(fresh((scope) => new s3.Bucket(scope, 'A').bucketArn)).not.toBe(of('A'));
  });

  test.each<[string, (scope: Stack) => unknown, (scope: Stack) => unknown]>([
    ['Fn.ref', (scope) => new s3.Bucket(scope, 'A').bucketName, (scope) => Fn.ref(scope.getLogicalId(new s3.Bucket(scope, 'A').node.defaultChild as CfnElement))],
    ['Fn.getAtt', (scope) => new s3.Bucket(scope, 'A').bucketArn, (scope) => Fn.getAtt(scope.getLogicalId(new s3.Bucket(scope, 'A').node.defaultChild as CfnElement), 'Arn').toString()],
    ['Fn.sub', () => `x-${Aws.REGION}-y`, () => Fn.sub('x-${AWS::Region}-y')],
    ['a variable of Fn.sub', () => `x-${Aws.REGION}`, () => Fn.sub('x-${R}', { R: Aws.REGION })],
    ['Fn.join', () => `x-${Aws.REGION}-y`, () => Fn.join('-', ['x', Aws.REGION, 'y'])],
    ['a token of a text', () => 'x-y', () => `x-${Token.asString(new Intrinsic('y'))}`],
  ])('is the same however it is written: %s', (_, one, other) => expect(fresh(one)).toBe(fresh(other)));

  test('a condition counts with what it asks', () => {
    const of = (asked: string): string => fresh((scope) => Fn.conditionIf(new CfnCondition(scope, 'C', { expression: Fn.conditionEquals(Aws.REGION, asked) }).logicalId, 'a', 'b').toString());
    expect(of('eu-west-1')).not.toBe(of('us-east-1'));
    expect(of('eu-west-1')).toBe(of('eu-west-1'));
  });

  test('a token of a second copy of aws-cdk-lib counts like one of the first', () => {
    // What tells an intrinsic function from a lazy value across copies is what it says of itself.
    const foreign = { creationStack: [], resolve: () => ({ Ref: 'AWS::Region' }), toString: () => 'x', toJSON: () => '<unresolved-token>' } satisfies IResolvable & { toJSON(): string };
    expect(fresh(() => foreign)).toBe(fresh(() => Aws.REGION));
  });
});

describe('a resource', () => {
  const table = (scope: Construct, id: string, props: Partial<dynamodb.TableProps> = {}): dynamodb.Table =>
    new dynamodb.Table(scope, id, { partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING }, ...props });

  test('with a name of its own is that name, wherever its construct is', () => {
    const named = fresh((scope) => new s3.Bucket(scope, 'Models', { bucketName: 'models-of-shop' }).bucketName);
    expect(fresh((scope) => new s3.Bucket(scope, 'Renamed', { bucketName: 'models-of-shop' }).bucketName)).toBe(named);
    expect(fresh((scope) => new s3.Bucket(new Construct(scope, 'Data'), 'Models', { bucketName: 'models-of-shop' }).bucketName)).toBe(named);
    expect(fresh((scope) => s3.Bucket.fromBucketName(scope, 'Models', 'models-of-shop').bucketName)).toBe(named);
    expect(fresh((scope) => new s3.Bucket(scope, 'Models', { bucketName: 'models-of-another-shop' }).bucketName)).not.toBe(named);
  });

  test('without a name is another when CloudFormation would make another', () => {
    const plain = fresh((scope) => table(scope, 'Features').tableName);
    expect(fresh((scope) => table(scope, 'Features', { timeToLiveAttribute: 'expires', pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true } }).tableName)).toBe(plain);
    expect(fresh((scope) => table(scope, 'Features', { partitionKey: { name: 'other', type: dynamodb.AttributeType.STRING } }).tableName)).not.toBe(plain);
    expect(fresh((scope) => table(scope, 'Other').tableName)).not.toBe(plain);
  });

  test('of a type that is not known counts with every property but its tags', () => {
    const of = (setting: string, tag: string): string => fresh((scope) => {
      const resource = new CfnResource(scope, 'R', { type: 'AWS::Novel::Thing', properties: { Setting: setting, Tags: [{ Key: 'team', Value: tag }] } });
      return resource.getAtt('Address').toString();
    });
    expect(of('a', 'x')).not.toBe(of('b', 'x'));
    expect(of('a', 'x')).toBe(of('a', 'y'));
  });

  test('resources that refer to each other end', () => {
    expect(fresh((scope) => {
      const a = new CfnResource(scope, 'A', { type: 'AWS::Novel::Thing' });
      const b = new CfnResource(scope, 'B', { type: 'AWS::Novel::Thing', properties: { Peer: a.ref } });
      a.addPropertyOverride('Peer', b.ref);
      return a.ref;
    })).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a layer is its content', () => {
    const of = (id: string, content: string): string =>
      fresh((scope) => new lambda.LayerVersion(scope, id, { code: lambda.Code.fromAsset(folder(content)) }).layerVersionArn);
    expect(of('Weights', '[1]')).not.toBe(of('Weights', '[2]'));
    expect(of('Weights', '[1]')).toBe(of('Other', '[1]'));
  });

  test('a parameter of the stack is its value', () => {
    const of = (value: string): string => fresh((scope) => new ssm.StringParameter(scope, 'P', { stringValue: value }).stringValue);
    expect(of('v1')).not.toBe(of('v2'));
    expect(of('v1')).toBe(fresh(() => 'v1'));
  });

  test('a version of a function is another when another is published', () => {
    const of = (code: string): string => fresh((scope) => fn(scope, 'Fn', code).currentVersion.functionArn);
    expect(of('1')).not.toBe(of('2'));
    expect(of('1')).toBe(of('1'));
  });

  test('of another stack counts as that stack\'s', () => {
    const of = (id: string): string => {
      const app = new App();
      const bucket = new s3.Bucket(new Stack(app, id), 'Bucket');
      return digestOf(new Stack(app, 'Stack'), { value: bucket.bucketName });
    };
    expect(of('Data')).not.toBe(of('Archive'));
  });
});

describe('where something is deployed does not count', () => {
  const WORLDS: { readonly [world: string]: () => Stack } = {
    'no account and region': stack,
    'an account and a region': () => new Stack(new App(), 'Stack', { env: { account: '111111111111', region: 'eu-west-1' } }),
    'a region of China': () => new Stack(new App(), 'Stack', { env: { account: '222222222222', region: 'cn-north-1' } }),
    'another qualifier': () => new Stack(new App(), 'Stack', { synthesizer: new DefaultStackSynthesizer({ qualifier: 'acme' }) }),
    'a prefix in the bucket of assets': () => new Stack(new App(), 'Stack', { synthesizer: new DefaultStackSynthesizer({ bucketPrefix: 'models/' }) }),
    'the command line\'s credentials': () => new Stack(new App(), 'Stack', { synthesizer: new CliCredentialsStackSynthesizer() }),
    'the legacy synthesizer': () => new Stack(new App(), 'Stack', { synthesizer: new LegacyStackSynthesizer() }),
    'a stage': () => new Stack(new Stage(new App(), 'Production'), 'Stack'),
    'another name of the stack': () => new Stack(new App(), 'Renamed'),
  };
  const artifact = (): string => {
    const file = join(folder('artifact'), 'model.tar.gz');
    writeFileSync(file, gzipSync('artifact'));
    return file;
  };
  const models: [string, (scope: Stack) => Model][] = [
    ['code from a folder', () => Model.lambdaFunction({ code: lambda.Code.fromAsset(folder('code')), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X })],
    ['an image that is built', () => Model.lambdaImage({ directory: join(__dirname, '../../examples/digits/container') })],
    ['an artifact and an image by its digest', (scope) => Model.sageMaker({
      image: ModelImage.fromUri(`111122223333.dkr.ecr.${scope.region}.amazonaws.com/fraud@sha256:${HASH}`), artifact: ModelArtifact.fromAsset(artifact()), instanceType: 'ml.m5.large',
    })],
    ['a layer', (scope) => lambdaModel({ layers: [new lambda.LayerVersion(scope, 'L', { code: lambda.Code.fromAsset(folder('layer')) })] })],
    ['a table', (scope) => lambdaModel({ environment: { TABLE: new dynamodb.Table(scope, 'T', { partitionKey: { name: 'id', type: dynamodb.AttributeType.STRING } }).tableName } })],
    ['the place of the stack', (scope) => lambdaModel({ environment: { REGION: scope.region, OWNER: Aws.ACCOUNT_ID, ARN: scope.formatArn({ service: 's3', resource: 'b' }) } })],
  ];
  test.each(models)('for a model with %s', (_, describe) => {
    const digests = Object.entries(WORLDS).map(([world, define]) => {
      const scope = define();
      return [world, digestIn(scope, describe(scope))];
    });
    expect(Object.fromEntries(digests)).toEqual(Object.fromEntries(digests.map(([world]) => [world, digests[0][1]])));
  });
});

describe('what cannot be told is refused with the way out', () => {
  const cases: [string, (scope: Stack) => string, RegExp][] = [
    ['a lazy value', () => Lazy.string({ produce: () => 'later' }), /is a lazy value, known only after synthesis/],
    ['a parameter', (scope) => new CfnParameter(scope, 'P').valueAsString, /is the value of parameter "P", which only CloudFormation knows/],
    ['a text around a parameter', (scope) => `s3://b/${new CfnParameter(scope, 'P').valueAsString}`, /parameter "P"/],
    ['a parameter by its id', (scope) => Fn.ref(new CfnParameter(scope, 'P').logicalId), /parameter "P"/],
    ['a parameter in Fn.sub', (scope) => (new CfnParameter(scope, 'P'), Fn.sub('x-${P}')), /parameter "P"/],
    ['a condition on a parameter', (scope) => {
      const { valueAsString } = new CfnParameter(scope, 'P');
      return Fn.conditionIf(new CfnCondition(scope, 'C', { expression: Fn.conditionEquals(valueAsString, 'x') }).logicalId, 'a', 'b').toString();
    }, /parameter "P"/],
    ['a bucket that a parameter names', (scope) => new s3.Bucket(scope, 'B', { bucketName: new CfnParameter(scope, 'P').valueAsString }).bucketName, /parameter "P"/],
    ['a parameter of Systems Manager', (scope) => ssm.StringParameter.valueForStringParameter(scope, '/fraud/model'), /parameter "SsmParameterValue/],
    ['a dynamic reference', () => '{{resolve:ssm:/fraud/model}}', /is "\{\{resolve:ssm:\/fraud\/model\}\}", which CloudFormation reads at deployment/],
    ['a secret', () => SecretValue.secretsManager('name').unsafeUnwrap(), /resolve:secretsmanager:name/],
    ['a macro', () => Fn.transform('Macro', {}).toString(), /what a macro makes of it/],
  ];
  test.each(cases)('%s', (_, describe, message) => {
    const scope = stack();
    const value = describe(scope);
    expect(() => digestOf(scope, { environment: { MODEL: value } })).toThrow(message);
    expect(() => digestOf(scope, { environment: { MODEL: value } })).toThrow(/environment\.MODEL of a model .*give the model a version, a label that you change with it/);
    const labelled = (version: string): string => digestOf(scope, { version, environment: { MODEL: value } });
    expect(labelled('1')).toBe(labelled('1'));
    expect(labelled('1')).not.toBe(labelled('2'));
  });

  test.each([
    ['a parameter with its version', '{{resolve:ssm:/fraud/model:3}}'],
    ['a secret with its version', '{{resolve:secretsmanager:name:SecretString:key::11111111-2222-3333-4444-555555555555}}'],
  ])('but not %s, which is always the same', (_, value) => expect(fresh(() => value)).toMatch(/^[0-9a-f]{64}$/));

  test('all of it together', () => {
    const scope = stack();
    const { valueAsString } = new CfnParameter(scope, 'P');
    expect(() => digestOf(scope, { environment: { A: valueAsString, B: '{{resolve:ssm:b}}' } })).toThrow(/^2 problems:\n {2}- environment\.A .*\n {2}- environment\.B /);
  });

  test('what is referred to is not changed afterwards', () => {
    const scope = stack();
    const published = fn(scope, 'Fn', '1');
    new ModelEndpoint(scope, 'Fraud', { model: Model.fromFunction(published.currentVersion) });
    published.addEnvironment('LATE', '1');
    expect(() => Template.fromStack(scope)).toThrow(/was changed after the model was given to its endpoint/);
  });
});

describe('what exists already', () => {
  const endpoint = (scope: Stack): CfnEndpoint => new CfnEndpoint(scope, 'Endpoint', { endpointConfigName: 'config' });

  test.each<[string, (scope: Stack) => Model, RegExp]>([
    ['a function', (scope) => Model.fromFunction(fn(scope, 'Fn', '1')), /Stack\/Fn\/Resource, an AWS::Lambda::Function that this app changes in place.*currentVersion/],
    ['an alias of a function', (scope) => Model.fromFunction(new lambda.Alias(scope, 'A', { aliasName: 'a', version: fn(scope, 'Fn', '1').currentVersion })), /AWS::Lambda::Alias that this app changes.*version that it is an alias of/],
    ['a SageMaker endpoint', (scope) => Model.fromSageMakerEndpointName(endpoint(scope).attrEndpointName), /AWS::SageMaker::Endpoint that this app changes/],
  ])('%s of the app changes in place, and is refused unless a label tells its version', (_, describe, message) => {
    const scope = stack();
    const model = describe(scope);
    expect(() => digestIn(scope, model)).toThrow(message);
  });

  test('takes a label in their place', () => {
    const of = (version: string): string => {
      const scope = stack();
      return digestIn(scope, Model.fromSageMakerEndpointName(endpoint(scope).attrEndpointName, { version }));
    };
    expect(of('1')).toBe(of('1'));
    expect(of('1')).not.toBe(of('2'));
  });

  test('a published version rolls out when another is published: another digest, and another permission', () => {
    const of = (code: string): string[] => {
      const scope = stack();
      new ModelEndpoint(scope, 'Fraud', { model: Model.fromFunction(fn(scope, 'Fn', code).currentVersion) });
      return Object.keys(Template.fromStack(scope).findResources('AWS::IAM::Policy')).filter((id) => id.includes('Invoke'));
    };
    expect(of('1')).not.toEqual(of('2'));
  });
});

function folder(content: string): string {
  const path = mkdtempSync(join(tmpdir(), 'digest-'));
  writeFileSync(join(path, 'index.js'), content);
  return path;
}

function fn(scope: Construct, id: string, code: string): lambda.Function {
  return new lambda.Function(scope, id, { code: lambda.Code.fromInline(code), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X });
}

function lambdaModel(props: Partial<LambdaFunctionModelOptions>): Model {
  return Model.lambdaFunction({ code: lambda.Code.fromInline('x'), handler: 'index.handler', runtime: lambda.Runtime.NODEJS_24_X, ...props });
}

function digestIn(scope: Stack, model: Model): string {
  return model.bind(new Construct(scope, 'Versions'), { invoker: new iam.Role(scope, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }) }).digest;
}
