import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Model } from '../../../lib';
import { dependenciesOf } from '../../../lib/model/python/dependencies';
import { install } from '../../../lib/model/python/install';
import { finishLibraries } from '../../../lib/model/python/libraries';
import { requirementsOn } from '../../../lib/model/python/markers';
import { platformOf } from '../../../lib/model/python/platform';
import { uv } from '../../../lib/model/python/tools';
import { echo, folder, problems, synth } from '../../fixtures/python-models';

const project = (name: string, body = 'x = 1\n'): { [file: string]: string } => ({
  'pyproject.toml': `[project]\nname = "${name}"\nversion = "1.0"\n[build-system]\nrequires = ["setuptools==80.9.0"]\nbuild-backend = "setuptools.build_meta"\n`,
  [`${name}/__init__.py`]: body,
});
const under = (place: string, files: { [file: string]: string }): { [file: string]: string } =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [`${place}/${name}`, text]));
const files = (place: string): string[] =>
  readdirSync(place, { recursive: true })
    .map(String)
    .filter((name) => !statSync(join(place, name)).isDirectory())
    .sort();
const hashes = (place: string): string[][] => files(place).map((name) => [name, createHash('sha256').update(readFileSync(join(place, name))).digest('hex')]);

const host = execFileSync('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' }).trim();
const hostRuntime = new lambda.Runtime(`python${host}`, lambda.RuntimeFamily.PYTHON);
const hostMachine = process.arch === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64;

/** Change variables of this process for a while. */
function within<T>(env: NodeJS.ProcessEnv, act: () => T): T {
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  const set = (values: NodeJS.ProcessEnv): void => Object.entries(values).forEach(([name, value]) => {
    if (value === undefined) {
      delete process.env[name];
    } else {
      process.env[name] = value;
    }
  });
  set(env);
  try {
    return act();
  } finally {
    set(before);
  }
}

/** A folder of programs; each is a text of JavaScript, or another program. */
function programs(texts: { [name: string]: string }): string {
  const bin = mkdtempSync(join(tmpdir(), 'bin-'));
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(join(bin, name), `#!${process.execPath}\n${text}`);
    chmodSync(join(bin, name), 0o755);
  }
  return bin;
}

/** No cache can be made here, so that nothing is fetched. */
const NO_CACHE = { XDG_CACHE_HOME: '/dev/null' };

/**
 * There is no Docker engine in the tests: this one runs the container's command with the Python of this machine, and its folders in place
 * of the container's.
 */
const DOCKER = `
  const args = process.argv.slice(2);
  if (args[0] === 'info') process.exit(0);
  const { spawnSync } = require('node:child_process');
  const of = (name) => args.flatMap((arg, i) => (args[i - 1] === name ? [arg] : []));
  const mounts = of('--volume').map((text) => text.split(':'));
  const command = args.slice(args.findIndex((arg) => arg.startsWith('public.ecr.aws/')) + 1);
  const { status } = spawnSync(process.env.REAL_PYTHON, command.map((arg) => mounts.find(([, inside]) => inside === arg)?.[0] ?? arg), {
    cwd: mounts.find(([, inside]) => inside === of('--workdir')[0])[0], stdio: 'inherit', env: { ...process.env, PATH: process.env.REAL_PATH } });
  process.exit(status);`;

describe('uv, pip and Docker', () => {
  const tools: [string, () => NodeJS.ProcessEnv][] = [
    ['uv', () => ({})],
    ['pip', () => NO_CACHE],
    ['Docker', () => ({
      ...NO_CACHE, PATH: programs({ docker: DOCKER }), REAL_PATH: process.env.PATH,
      REAL_PYTHON: execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim(),
    })],
  ];

  test('install the same files for the same input, byte for byte', () => {
    const entry = folder({
      'model.py': echo,
      ...under('acme', project('acme')),
      'requirements.txt': '-r more.txt\n-c versions.txt\n-e ./acme\ntqdm==4.67.1 # with a launcher\nidna==3.10 ; sys_platform == "win32"\n',
      'more.txt': 'six\nmarkupsafe==3.0.3 ; platform_machine == "x86_64" or platform_machine == "aarch64"\n', 'versions.txt': 'six==1.16.0\n',
    });
    const platform = platformOf(hostRuntime, hostMachine);
    const installed = tools.map(([name, env]) => {
      const target = mkdtempSync(join(tmpdir(), `${name}-`));
      within(env(), () => install(dependenciesOf(entry, platform), platform, target));
      finishLibraries(target, platform);
      return hashes(target);
    });
    expect(installed[0].map(([name]) => name)).toEqual(expect.arrayContaining(['acme/__init__.py', 'six.py', 'tqdm/__init__.py', 'markupsafe/__init__.py', 'six-1.16.0.dist-info/RECORD']));
    expect(installed[0].filter(([name]) => /idna|direct_url|INSTALLER|__pycache__|^bin/.test(name))).toEqual([]);
    expect(installed[1]).toEqual(installed[0]);
    expect(installed[2]).toEqual(installed[0]);
    // Building a project leaves nothing in its folder.
    expect(readdirSync(join(entry, 'acme')).sort()).toEqual(['acme', 'pyproject.toml']);
  });

  test('say what is missing where there is none of them', () => {
    const entry = folder({ 'model.py': echo, 'requirements.txt': 'six==1.17.0\n' });
    expect(() => within({ ...NO_CACHE, PATH: programs({}) }, () => synth(entry))).toThrow(
      /nothing here can install libraries for Python 3.13 on x86_64 Linux .*uv is not installed.*there is no Python; Docker is not installed; install uv, or Python with pip, or start Docker/,
    );
    const docker = programs({ docker: 'console.error("Cannot connect to the Docker daemon"); process.exit(1)' });
    expect(() => within({ ...NO_CACHE, PATH: docker }, () => synth(entry))).toThrow(/Docker does not run: Cannot connect to the Docker daemon/);
  });

  test('are not asked where nothing is to be installed', () => {
    within({ ...NO_CACHE, PATH: programs({}) }, () => synth(folder({ 'model.py': echo, 'requirements.txt': '# nothing\n' })));
  });

  test('find a Python that is called otherwise', () => {
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
    const bin = mkdtempSync(join(tmpdir(), 'bin-'));
    symlinkSync(python, join(bin, 'python'));
    const entry = folder({ 'model.py': echo, 'requirements.txt': 'six==1.17.0\n' });
    expect(files(within({ PATH: bin }, () => synth(entry)).bundle)).toContain('six.py');
  });

  test('heed no setting that is for a developer\'s own environment', () => {
    const entry = folder({ 'model.py': echo, 'requirements.txt': 'six==1.17.0\n' });
    const settings = { PIP_USER: '1', PIP_REQUIRE_VIRTUALENV: '1', PIP_TARGET: '/nonexistent' };
    for (const env of [settings, { ...settings, ...NO_CACHE }]) {
      expect(files(within(env, () => synth(entry, { runtime: hostRuntime })).bundle)).toContain('six.py');
    }
  });

  test.each(tools.slice(0, 2))('%s: an index that does not answer is no library without a wheel', async (_, env) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const entry = folder({ 'model.py': echo, 'requirements.txt': `--index-url http://user:s3cr3t@127.0.0.1:${port}/simple\nsix==1.17.0\n` });
    let message = '';
    try {
      within(env(), () => synth(entry, { runtime: hostRuntime }));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/cannot reach the package index/);
    expect(message).not.toMatch(/no wheel|s3cr3t/);
  });

  test('pip leaves it to the others where the markers of its own Python are not Lambda\'s', () => {
    const other = platformOf(new lambda.Runtime('python3.99', lambda.RuntimeFamily.PYTHON), hostMachine);
    const entry = folder({ 'requirements.txt': 'six==1.17.0\n' });
    expect(() => within({ ...NO_CACHE, CDK_DOCKER: '/no/docker' }, () => install(dependenciesOf(entry, other), other, mkdtempSync(join(tmpdir(), 'pip-')))))
      .toThrow(/pip of Python [\d.]+ here cannot choose for Python 3.99/);
  });
});

describe('requirements', () => {
  const ELSEWHERE = ['python_version < "3.13"', 'sys_platform == "win32"', 'platform_machine == "aarch64"', 'python_full_version < "3.13" or (os_name == "nt" and extra == "x")'];

  test('mean what they mean on Lambda, whatever this machine is', () => {
    const { bundle } = synth(folder({
      'model.py': echo,
      'requirements.txt': 'six==1.17.0 ; python_version == "3.12" and platform_machine == "aarch64"\nidna==3.10 ; python_version != "3.12" or platform_machine != "aarch64"\n',
    }), { runtime: lambda.Runtime.PYTHON_3_12, architecture: lambda.Architecture.ARM_64 });
    expect(files(bundle)).toContain('six.py');
    expect(existsSync(join(bundle, 'idna'))).toBe(false);
  });

  test('of another architecture are that architecture\'s', () => {
    const { bundle } = synth(folder({ 'model.py': echo, 'requirements.txt': 'markupsafe==3.0.3\n' }), { architecture: lambda.Architecture.ARM_64 });
    expect(readdirSync(join(bundle, 'markupsafe')).some((name) => name.includes('aarch64'))).toBe(true);
  });

  test.each([
    ['-r alone', { 'requirements.txt': '-r base.txt\n', 'base.txt': 'six==1.17.0\n' }],
    ['UTF-16 and CRLF', { 'requirements.txt': Buffer.from('\ufeffsix==1.17.0\r\n', 'utf16le') }],
    ['a line that goes on', { 'requirements.txt': 'six==1.17.0 \\\n  --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n' }],
    ['--requirement=', { 'requirements.txt': '--requirement=a/base.txt\n', 'a/base.txt': '-r more.txt\n', 'a/more.txt': 'six==1.17.0\n' }],
  ] as [string, { [name: string]: string | Buffer }][])('are followed: %s', (_, texts) => {
    expect(files(synth(folder({ 'model.py': echo, ...texts })).bundle)).toContain('six.py');
  });

  test('a project beside it, or the folder itself, is installed as it is, also in an app that is a Python project', () => {
    const before = process.cwd();
    const app = folder(project('app', 'wrong = True\n'));
    const entry = folder({ ...project('fraud'), 'src.txt': '', 'fraud/serving.py': echo, 'requirements.txt': '-e .\n', ...under('lib', project('acme')) });
    writeFileSync(join(entry, 'requirements.txt'), '-e .\n./lib\n');
    // Of two top-level folders setuptools cannot guess which is the package.
    writeFileSync(join(entry, 'setup.cfg'), '[options]\npackages = fraud\n');
    process.chdir(app);
    try {
      const { bundle } = synth(entry, { handler: 'fraud.serving.predict' });
      expect(files(bundle)).toEqual(expect.arrayContaining(['fraud/serving.py', 'acme/__init__.py', 'acme-1.0.dist-info/METADATA']));
      expect(files(bundle).filter((name) => /editable|\.pth$|^app|direct_url/.test(name))).toEqual([]);
    } finally {
      process.chdir(before);
    }
  });

  test('a pure source distribution is built', () => {
    expect(files(synth(folder({ 'model.py': echo, 'requirements.txt': 'docopt==0.6.2\n' })).bundle)).toContain('docopt.py');
  });

  test('a library that has no wheel and needs a compiler is refused, with the way out', () => {
    const native = folder({
      'pyproject.toml': '[build-system]\nrequires = ["setuptools==80.9.0"]\nbuild-backend = "setuptools.build_meta"\n',
      'setup.py': 'from setuptools import setup, Extension\nsetup(name="native", version="1.0", ext_modules=[Extension("native", ["native.c"], optional=True)])\n',
      'native.c': '#error none\n',
    });
    expect(() => synth(folder({ 'model.py': echo, 'requirements.txt': `${native}\n` })))
      .toThrow(/there is no wheel of native==1.0 for Python 3.13 on x86_64 Linux with glibc 2.34.*--find-links, or use Model.lambdaImage/);
    expect(() => synth(folder({ 'model.py': echo, 'requirements.txt': 'tensorflow-cpu==2.20.0\n' }), { architecture: lambda.Architecture.ARM_64 }))
      .toThrow(/there is no wheel of tensorflow-cpu==2.20.0 for Python 3.13 on aarch64 Linux/);
  });

  test('older runtimes get only what their glibc can load, up to its version', () => {
    const runtime = lambda.Runtime.PYTHON_3_11;
    // numpy 2.3 begins with glibc 2.27; pandas 2.3.3 with 2.24.
    expect(() => synth(folder({ 'model.py': echo, 'requirements.txt': 'numpy==2.3.5\n' }), { runtime }))
      .toThrow(/numpy==2.3.5 is for manylinux_2_27_x86_64.*glibc 2.26; pin an older version, or choose a runtime from Runtime.PYTHON_3_12 on/);
    // Of Pillow there is one wheel for glibc 2.17, and one for 2.27.
    const { bundle } = synth(folder({ 'model.py': echo, 'requirements.txt': 'numpy==2.2.6\npandas==2.3.3\npillow==11.3.0\n' }), { runtime });
    expect(readFileSync(join(bundle, 'pillow-11.3.0.dist-info/WHEEL'), 'utf8')).toContain('manylinux_2_17');
    expect(readFileSync(join(bundle, 'pandas-2.3.3.dist-info/WHEEL'), 'utf8')).toContain('manylinux_2_24');
  });

  test('newer runtimes get what needs a newer glibc', () => {
    const { bundle } = synth(folder({ 'model.py': echo, 'requirements.txt': 'ai-edge-litert==1.4.0\n' }), { runtime: lambda.Runtime.PYTHON_3_12 });
    expect(existsSync(join(bundle, 'ai_edge_litert'))).toBe(true);
  });

  test('that are not pinned give a warning, markers or not', () => {
    const { stack } = synth(folder({
      'model.py': echo,
      'requirements.txt': 'six==1.17.0 ; python_version >= "3.9" and python_version < "4.0"\nidna>=3.0 ; python_version == "3.13"\nmarkupsafe==3.0.*\n'
        + ELSEWHERE.map((marker) => `tqdm ; ${marker}\n`).join(''),
    }));
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp('does not pin idna>=3.0, markupsafe==3.0.\\*:'));
  });

  test('that count elsewhere alone need no pin', () => {
    const { stack, bundle } = synth(folder({ 'model.py': echo, 'requirements.txt': ELSEWHERE.map((marker) => `tqdm ; ${marker}\n`).join('') }));
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('does not pin'));
    expect(existsSync(join(bundle, 'tqdm'))).toBe(false);
    // Only Lambda's patch release is not known here.
    const patch = { requirement: 'tqdm', marker: 'python_full_version >= "3.13.2"', pinned: false };
    expect(requirementsOn(platformOf(lambda.Runtime.PYTHON_3_13, lambda.Architecture.X86_64), [patch])).toEqual(['tqdm']);
  });

  test.each<[string, { [name: string]: string }, RegExp]>([
    ['a file that is not there', { 'requirements.txt': '-r ../none.txt\n' }, /refers to "..\/none.txt", but there is no file/],
    ['a file on the web', { 'requirements.txt': '-r https://user:s3cr3t@example.com/r.txt\n' }, /refers to https:\/\/example.com\/r.txt, whose content may change/],
    ['a folder that is no project', { 'requirements.txt': '-e .\n' }, /has neither pyproject.toml nor setup.py/],
    ['a path that is not there', { 'requirements.txt': './acme\n' }, /asks for acme, but there is no/],
    ['a lock of Poetry without its project', { 'poetry.lock': '' }, /Poetry could not read \S+poetry.lock: .*pyproject.toml/],
    ['Pipfile alone', { Pipfile: '' }, /Pipfile is not read here; .*pipenv requirements/],
    ['environment.yml alone', { 'environment.yml': '' }, /environment.yml is not read here/],
    ['setup.py alone', { 'setup.py': '' }, /setup.py is not read here; write requirements.txt with the line "."/],
    ['a project without a lock', { 'pyproject.toml': '[project]\nname = "x"\ndependencies = [\n  "idna",\n]\n' }, /names libraries, but there is no uv.lock or poetry.lock/],
    ['a lock that cannot be read', { 'pyproject.toml': '[project]\nname = "x"\nversion = "1"\n', 'uv.lock': 'nonsense' }, /uv could not read/],
  ])('fails for %s', (_, texts, message) => {
    const found = problems({ 'model.py': echo, ...texts }).join('\n');
    expect(found).toMatch(message);
    expect(found).not.toContain('s3cr3t');
  });

  test('a project with settings of tools alone has no libraries', () => {
    expect(problems({ 'model.py': echo, 'pyproject.toml': '[tool.ruff]\nline-length = 120\n' })).toEqual([]);
  });
});

test('uv.lock is installed as it is locked, with the projects that it names', () => {
  const root = folder({
    ...under('acme', project('acme')), 'fraud/model.py': echo,
    'fraud/pyproject.toml': '[project]\nname = "fraud"\nversion = "1.0"\nrequires-python = ">=3.10"\ndependencies = ["six<1.17", "idna; sys_platform == \'win32\'", "acme"]\n'
      + '[dependency-groups]\ndev = ["markupsafe"]\n[tool.uv.sources]\nacme = { path = "../acme", editable = true }\n',
  });
  const tool = uv();
  const { command, env } = tool as Exclude<typeof tool, { lacking: string }>;
  execFileSync(command[0], [...command.slice(1), 'lock', '--quiet'], { cwd: join(root, 'fraud'), env: { ...process.env, ...env } });
  const { bundle, stack, id } = synth(join(root, 'fraud'));
  expect(files(bundle)).toEqual(expect.arrayContaining(['acme/__init__.py', 'model.py', 'six.py']));
  expect(readdirSync(bundle).filter((name) => /idna|markupsafe|lock|toml|egg-info|__editable__/.test(name))).toEqual([]);
  Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('does not pin'));
  writeFileSync(join(root, 'acme/acme/__init__.py'), 'x = 2\n');
  expect(synth(join(root, 'fraud')).id).not.toBe(id);
});

describe('poetry.lock', () => {
  const copied = (): string => {
    const root = mkdtempSync(join(tmpdir(), 'poetry-'));
    cpSync(join(__dirname, 'poetry'), root, { recursive: true });
    return root;
  };

  test('is installed as it is locked: the same files as of the same project\'s uv.lock, by the markers of the target', () => {
    const [byPoetry, byUv] = [copied(), copied()].map((root) => join(root, 'fraud'));
    rmSync(join(byUv, 'poetry.lock'));
    const tool = uv();
    const { command, env } = tool as Exclude<typeof tool, { lacking: string }>;
    execFileSync(command[0], [...command.slice(1), 'lock', '--quiet'], { cwd: byUv, env: { ...process.env, ...env } });
    for (const [runtime, more] of [[lambda.Runtime.PYTHON_3_13, []], [lambda.Runtime.PYTHON_3_12, ['typing_extensions.py']]] as const) {
      const { bundle, stack } = synth(byPoetry, { runtime });
      expect(hashes(bundle)).toEqual(hashes(synth(byUv, { runtime }).bundle));
      expect(readdirSync(bundle).filter((name) => !/dist-info$|^model/.test(name)).sort()).toEqual(['acme', 'dateutil', 'six.py', 'tqdm', ...more].sort());
      Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('does not pin'));
    }
  });

  test('and the projects that it names are part of the version, their place is not', () => {
    const [root, other] = [copied(), copied()];
    const { id } = synth(join(root, 'fraud'));
    expect(synth(join(other, 'fraud')).id).toBe(id);
    writeFileSync(join(root, 'acme/acme/__init__.py'), 'x = 2\n');
    expect(synth(join(root, 'fraud')).id).not.toBe(id);
    // Another file of the same release.
    const lock = join(other, 'fraud/poetry.lock');
    writeFileSync(lock, readFileSync(lock, 'utf8').replace(/ {4}\{file = "six-1.17.0.tar.gz".*\n/, ''));
    expect(synth(join(other, 'fraud')).id).not.toBe(id);
  });

  test('for other Pythons alone is an error: nothing would be installed', () => {
    const entry = join(copied(), 'fraud');
    expect(Model.pythonFunction({ entry, runtime: lambda.Runtime.PYTHON_3_9 }).validate()).toEqual([
      expect.stringMatching(/none of the libraries in \S+poetry.lock is for Python 3.9 on x86_64 Linux.*; allow that in pyproject.toml and lock again, or choose another runtime/),
    ]);
  });

  test('of another pyproject.toml is an error, with the remedy', () => {
    const entry = join(copied(), 'fraud');
    const file = join(entry, 'pyproject.toml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('tqdm==4.67.1', 'tqdm==4.67.0'));
    expect(Model.pythonFunction({ entry }).validate()).toEqual([expect.stringMatching(/Poetry could not read \S+poetry.lock: pyproject.toml changed .*Run `poetry lock`/)]);
  });
});

describe('the user\'s files', () => {
  test('are kept, bin/ too', () => {
    const { bundle } = synth(folder({ 'model.py': echo, 'bin/weights.bin': 'w', 'requirements.txt': 'tqdm==4.67.1\n' }));
    expect(files(join(bundle, 'bin'))).toEqual(['weights.bin']);
    expect(files(bundle)).toContain('tqdm/__init__.py');
  });

  test.each<[string, { [name: string]: string }, RegExp]>([
    ['the same file', { 'six.py': 'mine = 1\n' }, /"six.py" of the model is also in a library \(six 1.17.0\); rename what is yours, or leave the library out/],
    ['a folder where the library has a module', { 'six.py/readme': '' }, /"six.py" of the model/],
    ['a package where the library has a module', { 'six/__init__.py': '' }, /"six" of the model|"six.py"/],
    ['a file in a folder of both', { 'idna/core.py': 'mine = 1\n' }, /"idna\/core.py" of the model/],
    ['a module where the library has a package', { 'idna.py': 'mine = 1\n' }, /"idna.py" of the model/],
    ['the shim', { 'model_rollout_shim.py': '' }, /a module "model_rollout_shim", the name of what calls it/],
  ])('are never replaced or hidden: %s', (_, mine, message) => {
    expect(() => synth(folder({ 'model.py': echo, 'requirements.txt': 'six==1.17.0\nidna==3.10\n', ...mine }))).toThrow(message);
  });

  test('may share a folder with a library', () => {
    const { bundle } = synth(folder({ 'model.py': echo, 'idna/weights.json': '[]', 'requirements.txt': 'idna==3.10\n' }));
    expect(files(join(bundle, 'idna'))).toEqual(expect.arrayContaining(['__init__.py', 'weights.json']));
  });
});

describe('a version', () => {
  const LEFTOVERS = [
    '.pytest_cache/v/x', '.mypy_cache/x', '.ruff_cache/x', '.ipynb_checkpoints/x.ipynb', '.coverage', '.coverage.host.1', 'htmlcov/index.html', '.idea/x', '.vscode/x',
    'venv/pyvenv.cfg', 'venv/lib/six.py', 'my [env]!/pyvenv.cfg', 'my [env]!/x.py', 'conda/conda-meta/history', 'conda/lib/x.py', '.tox/x', 'model.py~', '.model.py.swp', '#model.py#', '.#model.py',
    'Thumbs.db', '.gitignore', '.git/HEAD', 'pkg/__pycache__/x.pyc', 'x.egg-info/PKG-INFO', '.env', '.env.local', '.netrc', '.npmrc', 'pip.conf', 'requirements-dev.txt',
    'pkg/.DS_Store', '.python-version', '.hypothesis/x', 'cdk.out/x', 'node_modules/x/y.js',
  ];

  test('knows nothing of what tools leave behind, nor of secrets, and neither does its bundle', () => {
    const plain = { 'model.py': echo, 'weights.json': '[1]', 'env/__init__.py': '', 'tests/data.json': '' };
    const { id, bundle } = synth(folder(plain));
    const littered = synth(folder({ ...plain, ...Object.fromEntries(LEFTOVERS.map((name) => [name, 's3cr3t'])) }));
    expect(littered.id).toBe(id);
    expect(files(littered.bundle)).toEqual(files(bundle));
    expect(files(bundle).filter((name) => !name.startsWith('model_rollout_shim'))).toEqual(['env/__init__.py', 'model.py', 'tests/data.json', 'weights.json']);
  });

  test('leaves out what exclude names, and takes in what it names with an exclamation mark', () => {
    const exclude = ['tests/', '*.md', '!.python-version'];
    const { id, bundle } = synth(folder({ 'model.py': echo, 'tests/x.py': '', 'README.md': '', '.python-version': '3' }), { exclude });
    expect(files(bundle).filter((name) => !name.startsWith('model_rollout_shim'))).toEqual(['.python-version', 'model.py']);
    expect(synth(folder({ 'model.py': echo, 'docs/README.md': 'x', '.python-version': '3' }), { exclude }).id).toBe(id);
  });

  test('follows all that it is built from, in its folder and outside', () => {
    const root = folder({
      'fraud/model.py': echo, 'fraud/requirements.txt': '-r ../shared.txt\n-c ../versions.txt\n-e ../acme\n', 'shared.txt': 'six\n', 'versions.txt': 'six==1.17.0\n',
      ...under('acme', project('acme')),
    });
    const entry = join(root, 'fraud');
    const ids = [synth(entry).id];
    for (const [name, text] of [['versions.txt', 'six==1.16.0\n'], ['acme/acme/__init__.py', 'x = 2\n'], ['shared.txt', 'six\nidna==3.10\n'], ['fraud/model.py', `${echo}\n`]]) {
      writeFileSync(join(root, name), text);
      ids.push(synth(entry).id);
    }
    expect(new Set(ids).size).toBe(5);
    // Neither comments nor what tools leave behind outside, nor the place of it all.
    writeFileSync(join(root, 'shared.txt'), '# both\nsix   # one\nidna==3.10\n');
    mkdirSync(join(root, 'acme/.pytest_cache'));
    writeFileSync(join(root, 'acme/.pytest_cache/x'), '');
    expect(synth(entry).id).toBe(ids[4]);
    const moved = mkdtempSync(join(tmpdir(), 'moved-'));
    renameSync(root, join(moved, 'elsewhere'));
    expect(synth(join(moved, 'elsewhere/fraud')).id).toBe(ids[4]);
  });

  test('is the wheel in a folder of --find-links, and another one with another wheel', () => {
    const wheels = mkdtempSync(join(tmpdir(), 'wheels-'));
    const source = folder(project('acme'));
    execFileSync('python3', ['-m', 'pip', 'wheel', '--quiet', '--no-deps', '--wheel-dir', wheels, source], { stdio: ['ignore', 'ignore', 'pipe'] });
    const entry = folder({ 'model.py': echo, 'requirements.txt': `--find-links ${wheels}\n--no-index\nacme==1.0\n` });
    const { bundle, id } = synth(entry);
    expect(files(bundle)).toContain('acme/__init__.py');
    writeFileSync(join(wheels, 'other.whl'), '');
    expect(synth(entry).id).not.toBe(id);
  });

  test('does not have the token of an index, and a new token is the same version', () => {
    const texts = (token: string): { [name: string]: string } => ({
      'model.py': echo, 'requirements.txt': `--extra-index-url https://user:${token}@127.0.0.1:1/simple\n`, 'pip.conf': token, 'sub/.netrc': token,
    });
    const [a, b] = ['s3cr3t', 'other'].map((token) => synth(folder(texts(token)), { handler: 'model.predict' }));
    expect(a.id).toBe(b.id);
    expect(files(a.bundle).map((name) => readFileSync(join(a.bundle, name), 'utf8')).join('')).not.toContain('s3cr3t');
  });
});

test('a second synthesis installs nothing again', () => {
  const tool = uv();
  const { command } = tool as Exclude<typeof tool, { lacking: string }>;
  const count = join(mkdtempSync(join(tmpdir(), 'count-')), 'installations');
  const bin = programs({
    uv: `const args = process.argv.slice(2);
      if (args.includes('install')) require('node:fs').appendFileSync(${JSON.stringify(count)}, 'x');
      const command = ${JSON.stringify(command)};
      const { status } = require('node:child_process').spawnSync(command[0], [...command.slice(1), ...args], { stdio: 'inherit' });
      process.exit(status);`,
  });
  const entry = folder({ 'model.py': echo, 'requirements.txt': 'six==1.17.0\n' });
  const out = mkdtempSync(join(tmpdir(), 'cdk-out-'));
  within({ PATH: `${bin}${delimiter}${process.env.PATH}` }, () => {
    synth(entry, {}, out);
    synth(entry, {}, out);
    expect(readFileSync(count, 'utf8')).toBe('x');
    writeFileSync(join(entry, 'requirements.txt'), 'six==1.16.0\n');
    synth(entry, {}, out);
    expect(readFileSync(count, 'utf8')).toBe('xx');
  });
});

test('beyond 250 MB unzipped the message has the largest parts and the way out', () => {
  const entry = folder({ 'model.py': echo, 'small.bin': '' });
  execFileSync('truncate', ['-s', '251M', join(entry, 'weights.bin')]);
  expect(() => synth(entry)).toThrow(/takes 252 MB with its libraries \(the largest: weights.bin 251 MB, .*\), but Lambda allows 250 MB unzipped; use Model.lambdaImage/);
});
