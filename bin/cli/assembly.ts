import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATE_RESOURCE_TYPE } from '../../lib/core/gate';

/** A stack with model endpoints in a cloud assembly, as `cdk synth` and `cdk deploy` leave it. */
export interface AssembledStack {
  readonly name: string;
  /** Undefined where the app leaves it to the environment. */
  readonly region?: string;
}

interface Artifact {
  readonly type?: string;
  readonly environment?: string;
  readonly properties?: { readonly stackName?: string; readonly templateFile?: string; readonly directoryName?: string };
}

/** Those in a folder, stages included. What cannot be read is not there. */
export function assembledStacks(folder: string): AssembledStack[] {
  const manifest = readJson(join(folder, 'manifest.json')) as { artifacts?: { [id: string]: Artifact } } | undefined;
  return Object.entries(manifest?.artifacts ?? {}).flatMap(([id, { type, environment, properties }]) => {
    if (type === 'cdk:cloud-assembly' && properties?.directoryName !== undefined) {
      return assembledStacks(join(folder, properties.directoryName));
    }
    if (type !== 'aws:cloudformation:stack' || properties?.templateFile === undefined) {
      return [];
    }
    const template = readJson(join(folder, properties.templateFile)) as { Resources?: { [id: string]: { Type?: string } } } | undefined;
    if (!Object.values(template?.Resources ?? {}).some((resource) => resource.Type === GATE_RESOURCE_TYPE)) {
      return [];
    }
    const region = environment?.split('/').at(-1);
    return [{ name: properties.stackName ?? id, ...(region === undefined || region === 'unknown-region' ? {} : { region }) }];
  });
}

function readJson(path: string): unknown {
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}
