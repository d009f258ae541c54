import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GATE_RESOURCE_TYPE } from '../../lib/core/gate';
import { nestedTemplates, type WithAssets } from '../../rehearsal/assembly/nested-templates';

/** A stack with model endpoints in a cloud assembly, as `cdk synth` and `cdk deploy` leave it. */
export interface AssembledStack {
  readonly name: string;
  /** Undefined where the app leaves it to the environment. */
  readonly region?: string;
}

interface Artifact extends WithAssets {
  readonly environment?: string;
  readonly properties?: WithAssets['properties'] & {
    readonly stackName?: string;
    readonly templateFile?: string;
    readonly directoryName?: string;
  };
}

export interface AssembledTemplate {
  readonly Resources?: { readonly [id: string]: AssembledResource };
}

export interface AssembledResource {
  readonly Type?: string;
  readonly Properties?: { readonly [name: string]: unknown };
}

/** Those in a folder, stages included. What cannot be read is not there. */
export function assembledStacks(folder: string): AssembledStack[] {
  return readStacks(folder).map(({ name, region }) => ({ name, ...(region === undefined ? {} : { region }) }));
}

/** The same with their templates, and those of the stacks nested in them. */
export function readStacks(folder: string): (AssembledStack & { readonly templates: readonly AssembledTemplate[] })[] {
  const { artifacts = {} } = (readJson(join(folder, 'manifest.json')) ?? {}) as { artifacts?: { [id: string]: Artifact } };
  return Object.entries(artifacts).flatMap(([id, artifact]) => {
    const { type, environment, properties } = artifact;
    if (type === 'cdk:cloud-assembly' && properties?.directoryName !== undefined) {
      return readStacks(join(folder, properties.directoryName));
    }
    if (type !== 'aws:cloudformation:stack' || properties?.templateFile === undefined) {
      return [];
    }
    const templates = [properties.templateFile, ...nestedTemplates(folder, artifact, artifacts, readJson)]
      .map((file) => (readJson(join(folder, file)) ?? {}) as AssembledTemplate);
    if (!templates.flatMap(resourcesOf).some((resource) => resource.Type === GATE_RESOURCE_TYPE)) {
      return [];
    }
    const region = environment?.split('/').at(-1);
    return [{ name: properties.stackName ?? id, ...(region === undefined || region === 'unknown-region' ? {} : { region }), templates }];
  });
}

export function resourcesOf({ Resources: resources = {} }: AssembledTemplate): AssembledResource[] {
  return Object.values(resources);
}

function readJson(path: string): unknown {
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  } catch {
    return undefined;
  }
}
