// Packs the library for the languages of CDK, and synthesizes the app of examples/languages in each from the packages alone: one template
// must come out of all. So it is with the examples that are there in Python too. Python every time; `--all` adds Java, Go and C#, and
// leaves out what has no toolchain here, aloud.
//
//   npm run check:languages [-- --all | --only python,go] [--cdk 2.276.0]
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** The examples with a stack.ts and a stack.py, by the class that both define. */
const EXAMPLES = { 'minimal': 'MinimalStack', 'canary': 'CanaryStack', 'blue-green': 'BlueGreenStack' };

const { values } = parseArgs({ options: {
  all: { type: 'boolean', default: false },
  only: { type: 'string' },
  // PyPI, Maven, NuGet and Go get a release a little later than npm, and a mirror may lack any: one that all have.
  cdk: { type: 'string', default: '2.271.0' },
} });
const AWS_CDK_LIB = values.cdk;

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'model-rollout-languages-'));
const dist = join(work, 'dist');
const { version, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const bin = join(root, 'node_modules', '.bin');
// The kernel of jsii starts whatever `node` the PATH has.
const env = {
  ...process.env,
  PATH: `${bin}:${process.env.PATH}`,
  CDK_VALIDATION: 'false',
  JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION: '1',
};

/** Compiles a file of TypeScript as an app outside would. */
function compile(cwd, run, file) {
  run(join(cwd, 'node_modules', '.bin', 'tsc'), [
    '--strict',
    '--skipLibCheck',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--moduleResolution',
    'nodenext',
    // TypeScript 6 takes no types by itself.
    '--types',
    'node',
    file,
  ]);
}

/** How the app of a language is built and run in a folder of its own, beside the model. */
const LANGUAGES = {
  typescript: {
    tools: ['npm'],
    synth(cwd, run) {
      writeFileSync(
        join(cwd, 'package.json'),
        JSON.stringify({
          private: true,
          dependencies: {
            'cdk-model-rollout': `file:${join(dist, 'js', `cdk-model-rollout@${version}.jsii.tgz`)}`,
            'aws-cdk-lib': AWS_CDK_LIB,
            constructs: devDependencies.constructs,
          },
          devDependencies: { 'typescript': devDependencies.typescript, '@types/node': devDependencies['@types/node'] },
        }),
      );
      run('npm', ['install', '--no-package-lock', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']);
      compile(cwd, run, 'app.ts');
      run('node', ['app.js']);
    },
    synthExample(cwd, run, name, stack) {
      writeFileSync(
        join(cwd, name, 'app.ts'),
        `import { App } from 'aws-cdk-lib/core';\nimport { ${stack} } from './stack';\nnew ${stack}(new App(), 'Example');\n`,
      );
      compile(cwd, run, join(name, 'app.ts'));
      run('node', [join(name, 'app.js')], { CDK_OUTDIR: join(cwd, name, 'cdk.out') });
    },
  },
  python: {
    tools: ['python3'],
    synth(cwd, run) {
      const python = join(cwd, '.venv', 'bin', 'python');
      const wheel = readdirSync(join(dist, 'python')).find((name) => name.endsWith('.whl'));
      run('python3', ['-m', 'venv', '.venv']);
      run(python, ['-m', 'pip', 'install', '--quiet', join(dist, 'python', wheel), `aws-cdk-lib==${AWS_CDK_LIB}`]);
      run(python, ['app.py']);
      // README's lines, as they are printed.
      const readme = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/^```python\n(.*?)^```$/gms)].map(([, code]) => code);
      mkdirSync(join(cwd, 'models', 'fraud'), { recursive: true });
      writeFileSync(join(cwd, 'models', 'fraud', 'model.py'), readme.find((code) => code.includes('def predict')));
      writeFileSync(join(cwd, 'readme.py'), readme.find((code) => code.includes('app.synth()')));
      run(python, ['readme.py'], { CDK_OUTDIR: join(cwd, 'readme.out') });
      // The wheel has the command too.
      const said = run(join(cwd, '.venv', 'bin', 'model-rollout'), ['--version']).trim();
      if (said !== version) {
        throw new Error(`model-rollout of the wheel says that it is version ${said}, not ${version}`);
      }
    },
    synthExample(cwd, run, name, stack) {
      writeFileSync(
        join(cwd, name, 'app.py'),
        `from aws_cdk import App\nfrom stack import ${stack}\n\napp = App()\n${stack}(app, "Example")\napp.synth()\n`,
      );
      run(join(cwd, '.venv', 'bin', 'python'), [join(name, 'app.py')], { CDK_OUTDIR: join(cwd, name, 'cdk.out') });
    },
  },
  java: {
    tools: ['mvn', 'java'],
    synth(cwd, run) {
      const jar = join(dist, 'java', 'io', 'github', 'cdk-model-rollout', 'cdk-model-rollout', version, `cdk-model-rollout-${version}`);
      run('mvn', ['--quiet', '--batch-mode', 'install:install-file', `-Dfile=${jar}.jar`, `-DpomFile=${jar}.pom`]);
      run('mvn', [
        '--quiet',
        '--batch-mode',
        `-Dawscdk.version=${AWS_CDK_LIB}`,
        `-Dmodel-rollout.version=${version}`,
        'compile',
        'exec:java',
      ]);
    },
  },
  go: {
    tools: ['go'],
    synth(cwd, run) {
      // The module asks for the aws-cdk-lib that it was made with, or later; the others are compared with an earlier one.
      const cdk = 'github.com/aws/aws-cdk-go/awscdk/v2';
      run('go', [
        'mod',
        'edit',
        '-replace',
        `github.com/cdk-model-rollout/cdk-model-rollout-go/cdkmodelrollout=${join(dist, 'go', 'cdkmodelrollout')}`,
        '-replace',
        `${cdk}=${cdk}@v${AWS_CDK_LIB}`,
      ]);
      run('go', ['mod', 'tidy']);
      run('go', ['run', '.']);
    },
  },
  dotnet: {
    folder: 'csharp',
    tools: ['dotnet'],
    synth(cwd, run) {
      run('dotnet', ['restore', `-p:RestoreAdditionalProjectSources=${join(dist, 'dotnet')}`]);
      run('dotnet', ['run', '--no-restore']);
    },
  },
};

const asked = values.only?.split(',') ?? (values.all ? ['python', 'java', 'go', 'dotnet'] : ['python']);
const here = asked.filter((language) =>
  LANGUAGES[language].tools.every((tool) => spawnSync('sh', ['-c', `command -v ${tool}`]).status === 0),
);
for (const language of asked.filter((language) => !here.includes(language))) {
  console.log(`${language}: left out, as this machine has no ${LANGUAGES[language].tools.join(' or ')}`);
}

/** Runs a command of a language, and shows what it said if it failed. */
function running(cwd) {
  return (command, args, more = {}) => {
    const { status, stdout, stderr, error } = spawnSync(command, args, {
      cwd,
      env: { ...env, CDK_OUTDIR: join(cwd, 'cdk.out'), ...more },
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    if (status !== 0) {
      throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? ''}\n${stdout}\n${stderr}`);
    }
    return stdout;
  };
}

/** The template that the app of a language makes. */
function templateOf(language) {
  const folder = LANGUAGES[language].folder ?? language;
  const apps = join(work, language);
  mkdirSync(apps);
  cpSync(join(root, 'examples', 'languages', 'model'), join(apps, 'model'), { recursive: true });
  cpSync(join(root, 'examples', 'languages', folder), join(apps, folder), { recursive: true });
  LANGUAGES[language].synth(join(apps, folder), running(join(apps, folder)));
  return JSON.parse(readFileSync(join(apps, folder, 'cdk.out', 'Fraud.template.json'), 'utf8'));
}

/** The template that an example makes in a language whose app has been made: the packages are installed. */
function exampleOf(language, name) {
  const cwd = join(work, language, language);
  cpSync(join(root, 'examples', name), join(cwd, name), { recursive: true });
  LANGUAGES[language].synthExample(cwd, running(cwd), name, EXAMPLES[name]);
  return JSON.parse(readFileSync(join(cwd, name, 'cdk.out', 'Example.template.json'), 'utf8'));
}

/** Fails where a template differs from TypeScript's. */
function expectSame(what, found, expected) {
  const different = differences(found, expected);
  if (different.length > 0) {
    throw new Error(`the template of ${what} differs from TypeScript's:\n${different.join('\n')}`);
  }
  console.log(`${what}: the same template`);
}

/** Where two values differ, as paths. */
function differences(one, other, path = '') {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return one === other ? [] : [`${path}: ${JSON.stringify(one)} against ${JSON.stringify(other)}`];
  }
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].flatMap((key) => differences(one[key], other[key], `${path}/${key}`));
}

try {
  for (const language of ['js', ...here]) {
    execFileSync('jsii-pacmak', ['--target', language, '--outdir', dist, '--no-npmignore', '--rosetta-tablet', '.jsii.tabl.json',
      '--rosetta-unknown-snippets', 'fail'], { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  }
  const expected = templateOf('typescript');
  console.log(`typescript: ${Object.keys(expected.Resources).length} resources`);
  for (const language of here) {
    expectSame(language, templateOf(language), expected);
  }
  if (here.includes('python')) {
    for (const name of Object.keys(EXAMPLES)) {
      expectSame(`the example ${name} in python`, exampleOf('python', name), exampleOf('typescript', name));
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true, maxRetries: 3 });
}
