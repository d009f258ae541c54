import { readdirSync } from 'node:fs';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Match } from 'aws-cdk-lib/assertions';
import { Model, ModelContract } from '../../../lib';
import { call, echo, folder, synth } from '../../fixtures/python-models';

test('a plain function becomes a Lambda function', () => {
  const { template, bundle } = synth(folder({ 'model.py': echo, 'weights.json': '[1]', '__pycache__/x.pyc': '', '.venv/lib/six.py': '' }));
  template.hasResourceProperties('AWS::Lambda::Function', {
    Handler: 'model_rollout_shim.handler', Runtime: 'python3.13', Environment: { Variables: { MODEL_ROLLOUT_HANDLER: 'model.predict' } },
  });
  expect(readdirSync(bundle).sort()).toEqual(['model.py', 'model_rollout_shim', 'weights.json']);
  expect(call(bundle, [{ a: [1, 'x', null, true] }])).toEqual([{ a: [1, 'x', null, true] }]);
});

test('the version follows the files, and nothing else', () => {
  const ids = (entry: string, props = {}): string[] => Object.keys(synth(entry, props).template.findResources('AWS::Lambda::Function'));
  const entry = folder({ 'model.py': echo });
  expect(ids(entry)).toEqual(ids(folder({ 'model.py': echo, '__pycache__/model.pyc': 'x' })));
  expect(ids(entry)).not.toEqual(ids(folder({ 'model.py': `${echo}\n` })));
  expect(ids(entry)).not.toEqual(ids(entry, { runtime: lambda.Runtime.PYTHON_3_12 }));
  expect(ids(entry)).not.toEqual(ids(entry, { architecture: lambda.Architecture.ARM_64 }));
});

test('load() runs once, functions may be async and live in other modules', () => {
  const { bundle } = synth(folder({
    'pkg/serving.py': 'calls = 0\ndef load():\n    global calls\n    calls += 1\nasync def answer(request):\n    return {"calls": calls}\n',
    'pkg/__init__.py': '',
  }), { handler: 'pkg/serving.answer' });
  expect(call(bundle, [{}, {}], { MODEL_ROLLOUT_HANDLER: 'pkg/serving.answer' })).toEqual([{ calls: 1 }, { calls: 1 }]);
});

test('what JSON cannot hold is an error that names the place', () => {
  const { bundle } = synth(folder({
    'model.py': `
import dataclasses, math
@dataclasses.dataclass
class Answer:
    label: int
def predict(request):
    return {
        "nan": lambda: {"scores": [1.0, math.nan]}, "inf": lambda: -math.inf, "object": lambda: {"x": object()}, "bytes": lambda: {"x": b"x"},
        "dataclass": lambda: Answer(3), "tuple": lambda: (1, 2), "int keys": lambda: {1: "a"}, "tuple keys": lambda: {(1, 2): "a"},
        "raise": lambda: int("x"), "none": lambda: None,
    }[request]()
`,
  }));
  expect(call(bundle, ['nan', 'inf', 'object', 'bytes', 'dataclass', 'tuple', 'int keys', 'tuple keys', 'raise', 'none'])).toEqual([
    'ResultNotSerializable: the result has nan at $.scores[1], which JSON cannot hold',
    'ResultNotSerializable: the result has -inf at $, which JSON cannot hold',
    'ResultNotSerializable: the result has a object at $.x, which JSON cannot hold',
    'ResultNotSerializable: the result has a bytes at $.x, which JSON cannot hold',
    { label: 3 }, [1, 2], { 1: 'a' },
    'ResultNotSerializable: the result has a tuple as a key at $, which JSON cannot hold',
    "ValueError: invalid literal for int() with base 10: 'x'",
    null,
  ]);
});

test.each<[string, { [name: string]: string }, Partial<Parameters<typeof Model.pythonFunction>[0]>, RegExp]>([
  ['an empty folder', {}, {}, /has no Python file/],
  ['a missing module', { 'other.py': echo }, {}, /there is no file "model.py"/],
  ['a missing function', { 'model.py': 'x = 1\n' }, {}, /defines no "predict"/],
  ['a handler that is none', { 'model.py': echo }, { handler: 'predict' }, /must be a module and a function/],
  ['another language', { 'model.py': echo }, { runtime: lambda.Runtime.NODEJS_24_X }, /which is not Python/],
])('fails for %s', (_, files, props, message) => {
  expect(Model.pythonFunction({ entry: folder(files), ...props }).validate().join('\n')).toMatch(message);
});

test('with the HTTP contract Lambda calls the adapter of a web application itself', () => {
  const { template, bundle } = synth(folder({ 'app.py': 'def handler(event, context):\n    return {"statusCode": 200}\n' }), { handler: 'app.handler', contract: ModelContract.HTTP });
  template.hasResourceProperties('AWS::Lambda::Function', { Handler: 'app.handler', Environment: Match.absent() });
  expect(readdirSync(bundle)).toEqual(['app.py']);
});

test('fails for a folder that is not there', () => {
  expect(Model.pythonFunction({ entry: '/no/such/folder' }).validate()).toEqual([expect.stringContaining('is not a folder')]);
});
