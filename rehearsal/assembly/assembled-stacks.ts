import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A stack of a cloud assembly, as `cdk synth` and `cdk deploy` leave it. */
export interface AssembledStack {
  readonly name: string;
  /** Undefined where the app leaves it to the environment. */
  readonly region?: string;
  /** Its own, and those of the stacks nested in it. */
  readonly templates: readonly AssembledTemplate[];
  /** What its constructs have written beside the templates. */
  readonly metadata: readonly { readonly type: string; readonly data?: unknown }[];
}

export interface AssembledTemplate {
  readonly Resources?: { readonly [id: string]: AssembledResource };
}

export interface AssembledResource {
  readonly Type?: string;
  readonly Properties?: { readonly [name: string]: unknown };
}

/** Metadata of constructs, by path. */
interface Metadata {
  readonly [path: string]: AssembledStack['metadata'];
}

interface Artifact {
  readonly type?: string;
  readonly environment?: string;
  readonly properties?: {
    readonly stackName?: string;
    readonly templateFile?: string;
    readonly directoryName?: string;
    readonly file?: string;
  };
  readonly dependencies?: readonly string[];
  /** Small assemblies have metadata here, others in a file. */
  readonly metadata?: Metadata;
  readonly additionalMetadataFile?: string;
}

interface Artifacts {
  readonly [id: string]: Artifact;
}

/** Whether a folder is a cloud assembly. */
export function isAssembly(folder: string): boolean {
  return existsSync(join(folder, 'manifest.json'));
}

/**
 * The stacks of a cloud assembly, those of its stages included.
 *
 * @param unreadable told of each file that is missing or not JSON; unless it throws, what the file would say is not there
 */
export function assembledStacks(folder: string, unreadable: (problem: string) => void): AssembledStack[] {
  const read: Read = (file) => {
    const path = join(folder, file);
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as object;
    } catch (error) {
      unreadable(`${path} cannot be read: ${(error as Error).message}`);
      return {};
    }
  };
  const { artifacts = {} } = read('manifest.json') as { artifacts?: Artifacts };
  return Object.entries(artifacts).flatMap(([id, artifact]): AssembledStack[] => {
    const { type, environment, properties } = artifact;
    if (type === 'cdk:cloud-assembly' && properties?.directoryName !== undefined) {
      return assembledStacks(join(folder, properties.directoryName), unreadable);
    }
    if (type !== 'aws:cloudformation:stack' || properties?.templateFile === undefined) {
      return [];
    }
    const region = environment?.split('/').at(-1);
    return [{
      name: properties.stackName ?? id,
      ...(region === undefined || region === 'unknown-region' ? {} : { region }),
      templates: [properties.templateFile, ...nestedTemplates(artifact, artifacts, read)].map(read),
      metadata: metadataOf(artifact, read),
    }];
  });
}

/** A file of the folder. */
type Read = (file: string) => object;

/** Templates of nested stacks are assets of the stack that they are nested in: their files in the folder. */
function nestedTemplates({ dependencies = [] }: Artifact, artifacts: Artifacts, read: Read): string[] {
  return dependencies.flatMap((id) => {
    const { type, properties } = artifacts[id] ?? {};
    if (type !== 'cdk:asset-manifest' || properties?.file === undefined) {
      return [];
    }
    const { files = {} } = read(properties.file) as { files?: { [id: string]: { source?: { path?: string } } } };
    return Object.values(files).flatMap(({ source }) => (source?.path?.endsWith('.nested.template.json') === true ? [source.path] : []));
  });
}

function metadataOf({ metadata, additionalMetadataFile: file }: Artifact, read: Read): AssembledStack['metadata'] {
  return Object.values({ ...metadata, ...(file === undefined ? {} : read(file) as Metadata) }).flat();
}
