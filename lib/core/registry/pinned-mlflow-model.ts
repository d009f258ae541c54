import { isObject } from '../json/is-object';
import type { JsonSchema } from '../routing/measures';
import { isListOfRequests, type PinnedRequest } from './pinned-request';

/** Which version of a model that is registered with MLflow is meant: one by its number, or the one that has an alias. */
export interface MlflowQuery {
  /** Address of the tracking server, or ARN of one that SageMaker manages. */
  readonly server: string;
  readonly model: string;
  /** Number of one version. */
  readonly version?: number;
  /** Alias of the version. */
  readonly alias?: string;
}

/** A version of a registered model as the app's context keeps it: all that synthesis needs, so that it asks nobody. */
export interface PinnedMlflowModel {
  readonly model: string;
  readonly version: string;
  /** The run that logged it. */
  readonly run?: string;
  /** Stage of its life, of servers that still have stages. */
  readonly stage?: string;
  readonly tags: { readonly [name: string]: string };
  /** Folder with the `MLmodel` file, `s3://bucket/prefix/`. */
  readonly artifact: string;
  /** SHA-256 of names, sizes and ETags of what is in the folder. */
  readonly content: string;
  /** The example that it was logged with. */
  readonly requests?: readonly PinnedRequest[];
  /** What its signature says of answers. */
  readonly answers?: JsonSchema;
}

/** A version as MLflow's REST interface describes it, as far as it is looked at. */
export interface DescribedMlflowModel {
  readonly name: string;
  readonly version: string;
  readonly status?: string;
  readonly status_message?: string;
  readonly current_stage?: string;
  readonly run_id?: string;
  readonly tags?: readonly { readonly key: string; readonly value?: string }[];
}

/** What the folder of a model says of it. */
export type MlflowArtifact = Pick<PinnedMlflowModel, 'artifact' | 'content' | 'requests' | 'answers'>;

/** `http(s)://host[:port][/path]`, without a slash at the end. */
const ADDRESS = /^https?:\/\/[^/?#\s@]+(?:\/[^?#\s]*[^/?#\s])?$/;
const SERVER_ARN = /^arn:(aws[\w-]*):sagemaker:([\w-]+):(\d{12}):(mlflow-tracking-server|mlflow-app)\/([\w-]+)$/;

/** A server that SageMaker manages. */
export interface ManagedMlflow {
  readonly partition: string;
  readonly region: string;
  readonly kind: 'mlflow-tracking-server' | 'mlflow-app';
}

/** The parts of a managed server's ARN; undefined where it is none. */
export function managedMlflow(server: string): ManagedMlflow | undefined {
  const [, partition, region, , kind] = SERVER_ARN.exec(server) ?? [];
  return region === undefined ? undefined : { partition, region, kind: kind as ManagedMlflow['kind'] };
}

/** What is wrong with what is asked for. */
export function mlflowProblems({ server, model, version, alias }: MlflowQuery): string[] {
  return [
    ...(ADDRESS.test(server) || managedMlflow(server) !== undefined
      ? []
      : [`the MLflow server is ${JSON.stringify(server)}, which is neither an address such as https://mlflow.example.com, without `
          + 'credentials and a slash at the end, nor the ARN of a tracking server or app of SageMaker; correct it']),
    ...(/^[^/:]+$/.test(model) && model.trim() === model
      ? []
      : [`the registered model is ${JSON.stringify(model)}, which MLflow takes for no name of one; correct it`]),
    ...(version === undefined || (Number.isSafeInteger(version) && version >= 1)
      ? []
      : [`the version of model ${JSON.stringify(model)} is ${version}, but MLflow counts versions from 1; correct it`]),
    ...(alias === undefined || (/^[\w-]+$/.test(alias) && !/^(?:v\d+|latest)$/i.test(alias))
      ? []
      : [`the alias of model ${JSON.stringify(model)} is ${JSON.stringify(alias)}, but an alias of MLflow has letters, digits, hyphens and `
          + 'underscores, and is neither "latest" nor "v" with a number; correct it']),
  ];
}

/** Where the app's context keeps what a query found, in the manner of CDK's own keys. */
export function mlflowContextKey({ server, model, version, alias }: MlflowQuery): string {
  return `cdk-model-rollout:mlflow-model:server=${server}:model=${model}:${alias === undefined ? `version=${version}` : `alias=${alias}`}`;
}

/** Why a version has nothing that could be served, or nothing. */
export function unfitMlflow({ name, version, status, status_message: message }: DescribedMlflowModel): string | undefined {
  return status === undefined || status === 'READY'
    ? undefined
    : `version ${version} of model ${JSON.stringify(name)} is ${status}, not READY${message ? ` (${message})` : ''}; `
      + `${status === 'PENDING_REGISTRATION' ? 'wait until MLflow has it' : 'register it again'}, or name another version`;
}

/** A version as it is kept. */
export function pinOfMlflow(described: DescribedMlflowModel, artifact: MlflowArtifact): PinnedMlflowModel {
  const { name, version, run_id: run, current_stage: stage, tags = [] } = described;
  return {
    model: name,
    version,
    ...(run ? { run } : {}),
    ...(stage === undefined || stage === 'None' ? {} : { stage }),
    tags: Object.fromEntries(tags.map(({ key, value = '' }) => [key, value]).sort(([a], [b]) => (a < b ? -1 : 1))),
    ...artifact,
  };
}

/** What the context has, as it is kept there; undefined where somebody has made something else of it. */
export function readMlflowPin(value: unknown): PinnedMlflowModel | undefined {
  const pin = value as PinnedMlflowModel;
  return isObject(value)
    && [pin.model, pin.version, pin.artifact, pin.content].every((text) => typeof text === 'string')
    && /^s3:\/\/[^/]+\/.*\/$/.test(pin.artifact)
    && [pin.run, pin.stage].every((text) => text === undefined || typeof text === 'string')
    && isObject(pin.tags)
    && Object.values(pin.tags).every((text) => typeof text === 'string')
    && (pin.requests === undefined || isListOfRequests(pin.requests))
    && (pin.answers === undefined || isObject(pin.answers))
    ? pin
    : undefined;
}

/** Why a version must not reach users, or nothing. */
export function mlflowRefusal(
  { model, version, stage, tags }: Pick<PinnedMlflowModel, 'model' | 'version' | 'stage' | 'tags'>,
  required: { readonly [tag: string]: string } = {},
): string | undefined {
  const of = `version ${version} of model ${JSON.stringify(model)}`;
  if (stage?.toLowerCase() === 'archived') {
    return `${of} is archived (stage ${JSON.stringify(stage)})`;
  }
  const missing = Object.entries(required).find(([tag, value]) => tags[tag] !== value);
  return missing && `${of} has ${tags[missing[0]] === undefined
    ? `no tag ${JSON.stringify(missing[0])}`
    : `tag ${JSON.stringify(missing[0])} with value ${JSON.stringify(tags[missing[0]])}`}, but must have ${missing.join('=')}`;
}
