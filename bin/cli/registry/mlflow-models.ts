import {
  type DescribedMlflowModel, managedMlflow, mlflowContextKey, mlflowProblems, type MlflowQuery, mlflowRefusal, type PinnedMlflowModel,
  pinOfMlflow, readMlflowPin, unfitMlflow,
} from '../../../lib/core/registry/pinned-mlflow-model';
import { optional } from '../../../lib/core/optional';
import { Connection, type ConnectionOptions } from '../aws/connection';
import { CliError, Exit } from '../exit';
import { MlflowArtifacts } from './mlflow-artifacts';
import { MlflowServer } from './mlflow-server';
import type { Registered } from './registered';

/** A registered model of an MLflow server, and which of its versions. */
export interface MlflowOptions extends ConnectionOptions {
  readonly mlflow?: string;
  readonly model?: string;
  readonly alias?: string;
  readonly modelVersion?: number;
  readonly requireTag?: { readonly [tag: string]: string };
  readonly artifactsDestination?: string;
}

/** What is asked of an MLflow server. */
export async function mlflowModelOf(options: MlflowOptions): Promise<Registered<PinnedMlflowModel>> {
  const query = queryOf(options);
  const region = options.region ?? managedMlflow(query.server)?.region;
  const connection = Connection.of({ ...options, ...optional('region', region) });
  const models = new Models(query, new MlflowServer(query.server, connection));
  const artifacts = new MlflowArtifacts(connection);
  return {
    kind: 'model',
    key: mlflowContextKey(query),
    newest: query.alias === undefined ? String(query.version) : await models.versionOf(query.alias),
    read: readMlflowPin,
    id: ({ version }) => version,
    describe: async (version) => {
      const described = await models.describe(version);
      const uri = await models.addressOf(version);
      return pinOfMlflow(
        described, await artifacts.read(`version ${version} of model ${JSON.stringify(query.model)}`, uri, options.artifactsDestination),
      );
    },
    refusal: (pin) => mlflowRefusal(pin, options.requireTag),
    lines: ({ model, version, tags, artifact, requests = [], answers }) => [
      `${model} ${version}${Object.keys(tags).length === 0 ? '' : ` ${Object.entries(tags).map((pair) => pair.join('=')).join(' ')}`}`,
      `  artifact  ${artifact}`,
      `  tested by ${requests.length === 0 ? 'nothing: it was logged without an input example' : 'its input example'}`
        + `${answers === undefined ? '' : '; answers by its signature'}`,
    ],
  };
}

function queryOf({ mlflow, model, alias, modelVersion: version }: MlflowOptions): MlflowQuery {
  if (model === undefined || (alias === undefined) === (version === undefined)) {
    throw new CliError(Exit.USAGE, 'BAD_OPTION', 'name the model with --model, and its version with either --alias or --model-version');
  }
  const query: MlflowQuery = { server: mlflow!, model, ...optional('alias', alias), ...optional('version', version) };
  const [problem] = mlflowProblems(query);
  if (problem !== undefined) {
    throw new CliError(Exit.USAGE, 'BAD_OPTION', problem);
  }
  return query;
}

/** MLflow's model registry, as far as versions of one model are looked up in it. */
class Models {
  constructor(private readonly query: MlflowQuery, private readonly server: MlflowServer) {}

  async versionOf(alias: string): Promise<string> {
    const { model_version: found } = await this.server.get<{ readonly model_version: DescribedMlflowModel }>(
      'registered-models/alias', { name: this.query.model, alias },
    );
    return found.version;
  }

  async describe(version: string): Promise<DescribedMlflowModel> {
    const { model_version: found } = await this.server.get<{ readonly model_version: DescribedMlflowModel }>(
      'model-versions/get', { name: this.query.model, version },
    );
    const problem = unfitMlflow(found);
    if (problem !== undefined) {
      throw new CliError(Exit.FAILED, 'MODEL_UNFIT', problem);
    }
    return found;
  }

  /** Where its artifacts are. */
  async addressOf(version: string): Promise<string> {
    const { artifact_uri: uri } = await this.server.get<{ readonly artifact_uri: string }>(
      'model-versions/get-download-uri', { name: this.query.model, version },
    );
    return uri;
  }
}
