import { execFileSync } from 'node:child_process';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ask, call, folder, type ModelAnswer, type ModelRequest, synth } from '../../fixtures/python-models';

const host = execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).trim();
const runtime = new lambda.Runtime(`python${host}`, lambda.RuntimeFamily.PYTHON);
const text = ({ body, error }: ModelAnswer): string => error ?? body.toString();
const typed = (type: string, body: string | Buffer, accept?: string): ModelRequest => ({ body, headers: { 'content-type': type, ...(accept !== undefined && { accept }) } });
const sent = (answers: ModelAnswer[]): [number, string, string][] => answers.map((answer) => [answer.status, answer.type, text(answer)]);
const code = (answer: ModelAnswer): [number, string, string] => {
  const { error } = JSON.parse(answer.body.toString()) as { error: { code: string; message: string; inferenceId: string } };
  expect(error.inferenceId).toBe('id-1');
  return [answer.status, error.code, error.message];
};

describe('a function without annotations', () => {
  const bundle = synth(folder({ 'model.py': 'def predict(x):\n    return x\n' })).bundle;

  test('takes JSON and nothing else, whatever clients call it by default', () => {
    const types = ['application/json; charset=utf-8', 'application/vnd.api+json', '', 'application/octet-stream', 'application/x-www-form-urlencoded', 'text/plain;charset=UTF-8'];
    expect(sent(ask(bundle, types.map((type) => typed(type, '{"a":"ü"}'))))).toEqual(types.map(() => [200, 'application/json', '{"a":"ü"}']));
    expect(ask(bundle, [typed('text/csv', '1,2'), typed('image/png', Buffer.from([137])), typed('text/plain', 'hello')]).map(code)).toEqual([
      [415, 'UNSUPPORTED_MEDIA_TYPE', 'the model takes application/json, not "text/csv"'],
      [415, 'UNSUPPORTED_MEDIA_TYPE', 'the model takes application/json, not "image/png"'],
      [415, 'UNSUPPORTED_MEDIA_TYPE', 'the model takes application/json, not "text/plain"'],
    ]);
  });

  test('never sees what is not valid JSON', () => {
    const bad = ['{', '', 'NaN', '[Infinity]', '['.repeat(100_000), Buffer.from([0x22, 0xff, 0x22])];
    expect(ask(bundle, bad.map((body) => typed('application/json', body))).map(code)).toEqual(bad.map(() => [400, 'MALFORMED_REQUEST', 'the body is not valid JSON']));
  });

  test('gives integers of any length, half surrogates and texts of quotation marks as they came', () => {
    const bodies = ['9007199254740993', '123456789012345678901234567890', '"\\ud800"', JSON.stringify('"'.repeat(1000)), '""', 'null', 'false'];
    expect(ask(bundle, bodies.map((body) => typed('application/json', body))).map(text)).toEqual(bodies);
  });
});

test('an annotation says what a function takes: texts, bytes, several', () => {
  const model = (annotation: string, result: string): string => synth(folder({ 'model.py': `def predict(x: ${annotation}):\n    return ${result}\n` })).bundle;
  expect(sent(ask(model('str', 'x.upper()'), [typed('text/csv', 'a,ü', 'text/csv'), typed('text/plain; charset=latin-1', Buffer.from([0xfc]))]))).toEqual([
    [200, 'text/csv; charset=utf-8', 'A,Ü'], [200, 'application/json', '"Ü"'],
  ]);
  expect(ask(model('str', 'x'), [typed('text/plain; charset=nope', 'x'), typed('text/plain', Buffer.from([0xff]))]).map(code)).toEqual([
    [415, 'UNSUPPORTED_MEDIA_TYPE', 'the charset nope is not known'], [400, 'MALFORMED_REQUEST', 'the body is not valid utf-8'],
  ]);
  const [octets] = ask(model('bytes', 'x[::-1]'), [typed('application/pdf', Buffer.from([0, 255, 1]))]);
  expect([octets.type, [...octets.body]]).toEqual(['application/octet-stream', [1, 255, 0]]);
  expect(ask(model('"dict | bytes"', 'type(x).__name__'), [typed('application/json', '{}'), typed('image/png', Buffer.from([1]))]).map(text)).toEqual(['"dict"', '"bytes"']);
});

test('a parameter context has the request, and a pair of bytes and type is sent with that type', () => {
  const { bundle } = synth(folder({
    'model.py': 'def predict(body: bytes, context):\n    return ("|".join([context.content_type, context.accept, context.inference_id, context.query["q"], context.headers["x-a"]]).encode(), "image/x-own")\n',
  }));
  const [answer] = ask(bundle, [{ body: 'x', query: 'q=1%202', headers: { 'content-type': 'a/b; c=d', accept: 'e/f', 'x-a': 'g' } }]);
  expect(sent([answer])).toEqual([[200, 'image/x-own', 'a/b; c=d|e/f|id-1|1 2|g']]);
});

test('a first parameter that is called context is the body', () => {
  expect(call(synth(folder({ 'model.py': 'def predict(context):\n    return context\n' })).bundle, [{ a: 1 }])).toEqual([{ a: 1 }]);
});

test('an exception with a status of 400 to 499 says that the input is at fault; any other is the model\'s', () => {
  const { bundle } = synth(folder({
    'model.py': `
class BadInput(ValueError):
    status_code = 422
class Broken(Exception):
    status_code = 500
async def predict(x):
    raise {"bad": BadInput("age must be positive"), "silent": BadInput(), "broken": Broken("x"), "value": ValueError("y")}[x]
`,
  }));
  const [bad, silent, broken, value] = ask(bundle, ['bad', 'silent', 'broken', 'value'].map((x) => typed('application/json', JSON.stringify(x))));
  expect([bad, silent].map(code)).toEqual([[422, 'BAD_INPUT', 'age must be positive'], [422, 'BAD_INPUT', 'BadInput']]);
  expect([broken.error, value.error]).toEqual(['Broken: x', 'ValueError: y']);
});

test('what Python has is what JSON has for it', () => {
  const { bundle } = synth(folder({
    'model.py': `
import collections, dataclasses, datetime as d, decimal, enum, uuid
class Color(enum.Enum):
    RED = "red"
class Level(enum.IntEnum):
    HIGH = 3
Point = collections.namedtuple("Point", "x y")
@dataclasses.dataclass
class Answer:
    at: d.datetime
    point: Point
RESULTS = {
    "times": [d.datetime(2026, 1, 2, 3, 4, 5, tzinfo=d.timezone.utc), d.date(2026, 1, 2), d.timedelta(days=1, seconds=3661.5), -d.timedelta(hours=1)],
    "decimals": [decimal.Decimal("1.5"), decimal.Decimal("9007199254740993"), decimal.Decimal("2")],
    "kinds": [Color.RED, Level.HIGH, uuid.UUID(int=1), Point(1, 2)],
    "answer": Answer(d.datetime(2026, 1, 2), Point(1, 2)),
    "keys": {Color.RED: 1, Level.HIGH: 2, None: 3, True: 4, 1.5: 5},
    "twice": {"a": {1: "x", "1": "y"}},
    "nan": [decimal.Decimal("NaN")],
    "tuple key": {(1, 2): 3},
}
def predict(name):
    return RESULTS[name]
`,
  }));
  expect(call(bundle, ['times', 'decimals', 'kinds', 'answer', 'keys', 'twice', 'nan', 'tuple key'])).toEqual([
    ['2026-01-02T03:04:05+00:00', '2026-01-02', 'P1DT1H1M1.5S', '-P0DT1H0M0S'],
    [1.5, 9007199254740992, 2],
    ['red', 3, '00000000-0000-0000-0000-000000000001', { x: 1, y: 2 }],
    { at: '2026-01-02T00:00:00', point: { x: 1, y: 2 } },
    { 1.5: 5, 3: 2, null: 3, red: 1, true: 4 },
    'ResultNotSerializable: the result has two members "1" at $.a; rename one of them',
    'ResultNotSerializable: the result has nan at $[0], which JSON cannot hold',
    'ResultNotSerializable: the result has a tuple as a key at $, which JSON cannot hold',
  ]);
});

describe('with NumPy, pandas and Pillow', () => {
  let bundle: string;

  beforeAll(() => {
    ({ bundle } = synth(folder({
      'requirements.txt': 'numpy==2.2.6\npandas==2.3.3\npython-dateutil==2.9.0.post0\npytz==2025.2\ntzdata==2025.2\nsix==1.17.0\npillow==11.3.0\n',
      'model.py': `
import numpy as np, pandas as pd
from PIL import Image
RESULTS = {
    "class keys": lambda: dict(zip(np.array([0, 1, 2]), np.array([0.1, 0.2, 0.7]))),
    "scalars": lambda: [np.float32(0.5), np.int64(9007199254740993), np.bool_(True), np.longdouble("1.5"), np.str_("x"), np.float64(2)],
    "arrays": lambda: {"a": np.arange(4).reshape(2, 2), "long": np.array([1.5], dtype=np.longdouble), "masked": np.ma.array([1, 2], mask=[False, True])},
    "times": lambda: [np.datetime64("2026-01-02T03:04:05", "ns"), np.datetime64("2026-01-02"), np.datetime64("NaT"), np.timedelta64(90, "s"), pd.Timestamp(2026, 1, 2), pd.NaT, pd.NA, pd.Timedelta(minutes=1)],
    "time arrays": lambda: np.array([["2026-01-02"], ["NaT"]], dtype="datetime64[D]"),
    "frame": lambda: pd.DataFrame({"a": [1, 2], "t": [pd.Timestamp(2026, 1, 2), pd.NaT], 3: pd.array([1, None], dtype="Int64")}),
    "series": lambda: [pd.Series([1, 2]), pd.Index(["a"]), pd.Categorical(["x"]), pd.Series(pd.to_datetime(["2026-01-02"]))],
    "columns": lambda: pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "nan": lambda: pd.DataFrame({"a": [float("nan")]}),
    "inf": lambda: {"x": np.array([1, np.inf])},
    "complex": lambda: np.complex128(1j),
}
def predict(name):
    return RESULTS[name]()
def array(x: np.ndarray):
    return x * 2
def frame(x: pd.DataFrame):
    return x
def image(x: Image.Image):
    return x.rotate(90)
def either(x: "pd.DataFrame | Image.Image"):
    return type(x).__name__
`,
    }), { runtime }));
  });

  test('results are what their users expect', () => {
    const names = ['class keys', 'scalars', 'arrays', 'times', 'time arrays', 'frame', 'series'];
    expect(call(bundle, names)).toEqual([
      { 0: 0.1, 1: 0.2, 2: 0.7 },
      [0.5, 9007199254740992, true, 1.5, 'x', 2],
      { a: [[0, 1], [2, 3]], long: [1.5], masked: [1, null] },
      ['2026-01-02T03:04:05.000000000', '2026-01-02', null, 'P0DT0H1M30S', '2026-01-02T00:00:00', null, null, 'P0DT0H1M0S'],
      [['2026-01-02'], [null]],
      [{ a: 1, t: '2026-01-02T00:00:00', 3: 1 }, { a: 2, t: null, 3: null }],
      [[1, 2], ['a'], ['x'], ['2026-01-02T00:00:00']],
    ]);
    expect(call(bundle, ['columns', 'nan', 'inf', 'complex'])).toEqual([
      'ResultNotSerializable: the result has two columns of one name at $; rename one of them',
      'ResultNotSerializable: the result has nan at $[0].a, which JSON cannot hold',
      'ResultNotSerializable: the result has inf at $.x[1], which JSON cannot hold',
      expect.stringContaining('ResultNotSerializable: the result has a complex'),
    ]);
  });

  test('arrays come as JSON, CSV or NumPy\'s format and go as the caller likes', () => {
    const npy = execFileSync('python3', ['-c', `import sys; sys.path.insert(0, ${JSON.stringify(bundle)}); import numpy, io; b = io.BytesIO(); numpy.save(b, numpy.array([[1, 2.5]])); sys.stdout.buffer.write(b.getvalue())`]);
    const env = { MODEL_ROLLOUT_HANDLER: 'model.array' };
    expect(sent(ask(bundle, [
      typed('application/json', '[[1,2.5]]'), typed('text/csv', '1,2.5\n3,4\n', 'text/csv'), typed('application/x-npy', npy, 'application/jsonlines'), typed('application/json', '[1,2]', 'text/csv;q=0.5, application/json;q=0.1'),
      typed('application/json', '[1]', 'text/html, */*;q=0.8'), typed('application/json', '[1]', 'application/pdf'),
    ], env))).toEqual([
      [200, 'application/json', '[[2.0,5.0]]'], [200, 'text/csv; charset=utf-8', '2.0,5.0\n6.0,8.0\n'], [200, 'application/jsonlines', '[2.0,5.0]\n'], [200, 'text/csv; charset=utf-8', '2\n4\n'],
      [200, 'application/json', '[2]'], [200, 'application/json', '[2]'],
    ]);
    const [back] = ask(bundle, [typed('application/x-npy', npy, 'application/x-npy')], env);
    expect([back.type, back.body.subarray(1, 6).toString()]).toEqual(['application/x-npy', 'NUMPY']);
    expect(ask(bundle, [typed('text/csv', 'a,b'), typed('application/x-npy', Buffer.from('nope')), typed('application/json', '[[1],[1,2]]'), typed('image/png', 'x')], env).map(code).map(([status]) => status))
      .toEqual([400, 400, 400, 415]);
  });

  test('frames come as records, columns or CSV, with and without a header, and go as records, lines or CSV', () => {
    const env = { MODEL_ROLLOUT_HANDLER: 'model.frame' };
    expect(sent(ask(bundle, [
      typed('application/json', '[{"a":1,"b":"x"}]'), typed('application/json', '{"columns":["a"],"data":[[1]]}', 'text/csv'), typed('application/json', '{"a":[1,2]}', 'application/jsonlines'),
      typed('text/csv', 'a,b\n1,x\n'), typed('text/csv; header=absent', '1,x\n'), typed('application/jsonlines', '{"a":1}\n{"a":2}\n'),
    ], env)).map(([, , body]) => body)).toEqual(['[{"a":1,"b":"x"}]', 'a\n1\n', '{"a":1}\n{"a":2}\n', '[{"a":1,"b":"x"}]', '[{"0":1,"1":"x"}]', '[{"a":1},{"a":2}]']);
  });

  test('images come and go as images, bytes intact', () => {
    const png = execFileSync('python3', ['-c', `import sys; sys.path.insert(0, ${JSON.stringify(bundle)}); from PIL import Image; Image.new("RGBA", (2, 1), "red").save(sys.stdout.buffer, "PNG")`]);
    const env = { MODEL_ROLLOUT_HANDLER: 'model.image' };
    const answers = ask(bundle, [typed('image/png', png), typed('image/png', png, 'image/jpeg'), typed('image/png', Buffer.from('nope'))], env);
    expect(answers.slice(0, 2).map(({ status, type, body }) => [status, type, body.subarray(0, 4).toString('hex')])).toEqual([[200, 'image/png', '89504e47'], [200, 'image/jpeg', 'ffd8ffe0']]);
    expect(code(answers[2])[0]).toBe(400);
    expect(ask(bundle, [typed('image/png', png), typed('text/csv', 'a\n1\n')], { MODEL_ROLLOUT_HANDLER: 'model.either' }).map(text)).toEqual(['"PngImageFile"', '"DataFrame"']);
  });
});
