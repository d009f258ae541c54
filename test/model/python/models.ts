import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Template } from 'aws-cdk-lib/assertions';
import { App, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Model, type PythonFunctionModelProps } from '../../../lib';

export const echo = 'def predict(request):\n    return request\n';

/** A new folder with files. */
export function folder(files: { [name: string]: string | Buffer }): string {
  const directory = mkdtempSync(join(tmpdir(), 'python-model-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

export interface Synthesized {
  readonly stack: Stack;
  readonly template: Template;
  /** Folder of the bundled code. */
  readonly bundle: string;
  /** Logical id of the function, which has the version's digest. */
  readonly id: string;
}

/** Synthesize a stack with the model. */
export function synth(
  entry: string, props: Partial<PythonFunctionModelProps> = {}, outdir = mkdtempSync(join(tmpdir(), 'cdk-out-')),
): Synthesized {
  const app = new App({ outdir });
  const stack = new Stack(app, 'Stack');
  const model = Model.pythonFunction({ entry, ...props });
  expect(model.validate()).toEqual([]);
  model.bind(new Construct(stack, 'Endpoint'), { invoker: new iam.Role(stack, 'Router', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }) });
  const template = Template.fromStack(stack);
  const asset = readdirSync(app.outdir).find((name) => name.startsWith('asset.') && existsSync(join(app.outdir, name, 'model_rollout_shim.py')))!;
  return { stack, template, bundle: join(app.outdir, asset), id: Object.keys(template.findResources('AWS::Lambda::Function'))[0] };
}

/** All problems that synthesis would report. */
export function problems(files: { [name: string]: string | Buffer }, props: Partial<PythonFunctionModelProps> = {}): string[] {
  return Model.pythonFunction({ entry: folder(files), ...props }).validate();
}
