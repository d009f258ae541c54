import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { echo, folder, problems, synth } from '../../fixtures/python-models';

describe('the handler', () => {
  test.each<[string, { [name: string]: string }, string?]>([
    ['a function', { 'model.py': echo }],
    ['a coroutine', { 'model.py': 'async def predict(x):\n    return x\n' }],
    ['a package', { 'model/__init__.py': echo }],
    ['a module of a package', { 'model/serving.py': echo, 'model/__init__.py': '' }, 'model.serving.predict'],
    ['a module of a folder without __init__', { 'model/serving.py': echo }, 'model.serving.predict'],
    ['an import in parentheses', { 'model.py': 'from impl import (\n    predict,\n)\n', 'impl.py': echo }],
    ['an import by another name', { 'model.py': 'from impl import answer as predict\n', 'impl.py': '' }],
    ['an annotated name', { 'model.py': 'from typing import Callable\npredict: Callable = lambda x: x\n' }],
    ['one of several names', { 'model.py': 'predict, x = len, 1\n' }],
    ['a name in try', { 'model.py': 'try:\n    from fast import predict\nexcept ImportError:\n    from slow import predict\n' }],
    ['a name in if', { 'model.py': 'import os\nif os.environ.get("X"):\n    def predict(x): return x\nelse:\n    predict = len\n' }],
    ['a global that load() sets', { 'model.py': 'def load():\n    global predict\n    predict = len\n' }],
    ['a class that is called', { 'model.py': 'class predict:\n    pass\n' }],
    ['a name that is not ASCII', { 'modèle.py': 'def prédire(x): return x\n' }, 'modèle.prédire'],
    ['a decorated function', { 'model.py': 'import functools\n@functools.cache\ndef predict(x): return x\n' }],
  ])('may be %s', (_, files, ...[handler]) => {
    const { stack } = synth(folder(files), { handler });
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('handler of'));
  });

  test.each([
    ['an import of all names', { 'model.py': 'from impl import *\n', 'impl.py': echo }],
    ['__getattr__', { 'model.py': 'def __getattr__(name):\n    return len\n' }],
    ['globals()', { 'model.py': 'globals()["predict"] = len\n' }],
  ] as [string, { [name: string]: string }][])('gives a warning where only running the module could find it: %s', (_, files) => {
    Annotations.fromStack(synth(folder(files)).stack).hasWarning('*', Match.stringLikeRegexp('whether "model.py" defines "predict" is known only when it runs'));
  });

  test('may be in a library', () => {
    synth(folder({ 'requirements.txt': 'six==1.17.0\n' }), { handler: 'six.moves_of' });
    expect(() => synth(folder({ 'model.py': echo, 'requirements.txt': 'six==1.17.0\n' }), { handler: 'sixx.predict' }))
      .toThrow(/has no module "sixx", neither in its folder nor in a library/);
  });

  test.each<[string, { [name: string]: string }, RegExp]>([
    ['a name that is nowhere', { 'model.py': 'x = 1\n' }, /"model.py" defines no "predict"; define it or name another/],
    ['a name in a text', { 'model.py': '"""\ndef predict(x):\n"""\n' }, /defines no "predict"/],
    ['a name in a function', { 'model.py': 'def f():\n    def predict(x): return x\n' }, /defines no "predict"/],
    ['a folder without a module', { 'model/weights.json': '', 'x.py': '' }, /the folder "model" has no "__init__.py"/],
  ])('is an error where it is %s', (_, files, message) => {
    expect(problems(files).join('\n')).toMatch(message);
  });
});

describe('syntax', () => {
  const match = 'def predict(x):\n    match x:\n        case 1:\n            return 2\n';

  test('that no Python understands is an error, with line and reason', () => {
    expect(problems({ 'model.py': 'def predict(x):\n    return {\n' }, { runtime: lambda.Runtime.PYTHON_3_10 }).join('\n'))
      .toMatch(/Python 3.10 does not understand "model.py": .* in line \d/);
  });

  test('that is newer than the runtime is an error', () => {
    expect(problems({ 'model.py': match }, { runtime: lambda.Runtime.PYTHON_3_9 }).join('\n')).toMatch(/Python 3.9 does not understand "model.py": Pattern matching/);
    expect(problems({ 'model.py': match }, { runtime: lambda.Runtime.PYTHON_3_10 })).toEqual([]);
  });

  test('that may be newer than the Python of this machine is a warning', () => {
    const { stack } = synth(folder({ 'model.py': 'def predict(x) -> \\\n!new:\n' }), { runtime: new lambda.Runtime('python3.99', lambda.RuntimeFamily.PYTHON) });
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('does not understand "model.py": .*says an older Python'));
  });
});
