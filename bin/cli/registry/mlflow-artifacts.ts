import { createHash } from 'node:crypto';
import { GetObjectCommand, paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import { parse } from 'yaml';
import { answersOf } from '../../../lib/core/registry/mlflow-signature';
import type { MlflowArtifact } from '../../../lib/core/registry/pinned-mlflow-model';
import { keptRequests } from '../../../lib/core/registry/pinned-request';
import { optional } from '../../../lib/core/optional';
import { CALLING, type Connection } from '../aws/connection';
import { CliError, Exit } from '../exit';

const POLICY = "no construct: whoever looks models up needs s3:ListBucket and s3:GetObject on MLflow's artifacts";
const MLMODEL = 'MLmodel';
/** An MLmodel has some kilobytes, or somebody has put something else there. */
const MOST_BYTES = 1_048_576;

/** What of an MLmodel is looked at. */
interface MlModel {
  readonly flavors?: { readonly python_function?: object };
  readonly signature?: { readonly outputs?: string };
  readonly saved_input_example_info?: { readonly serving_input_path?: string };
}

/** Artifacts of MLflow in S3, from where SageMaker takes them too. */
export class MlflowArtifacts {
  private readonly s3: S3Client;

  constructor(private readonly connection: Connection) {
    this.s3 = new S3Client({ ...connection.options, ...CALLING, followRegionRedirects: true });
  }

  /**
   * What the folder of a model says of it.
   *
   * @param of how messages name the model
   * @param uri where MLflow says that the folder is
   * @param destination where the server keeps artifacts that it serves itself
   */
  async read(of: string, uri: string, destination: string | undefined): Promise<MlflowArtifact> {
    const artifact = folderOf(of, uri, destination);
    const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.*)$/s.exec(artifact)!;
    const { paths, content } = await this.list(bucket, prefix);
    if (!paths.includes(MLMODEL)) {
      throw new CliError(
        Exit.FAILED, 'MODEL_UNFIT', `${of} has no file ${MLMODEL} in ${artifact}; register what mlflow.….log_model has logged`
          + `${destination === undefined ? '' : ', and correct --artifacts-destination if that is not where the server keeps it'}`,
      );
    }
    const { flavors, signature, saved_input_example_info: example } = parseMlModel(of, await this.text(bucket, `${prefix}${MLMODEL}`));
    if (flavors?.python_function === undefined) {
      throw new CliError(
        Exit.FAILED, 'MODEL_UNFIT', `${of} has no flavor python_function, which is what MLflow's own server serves; log it with one`,
      );
    }
    const path = example?.serving_input_path;
    const requests = path === undefined || !paths.includes(path)
      ? []
      : keptRequests([{
          name: "the model's input example", body: (await this.text(bucket, `${prefix}${path}`)).trim(), contentType: 'application/json',
        }]);
    return {
      artifact, content,
      ...(requests.length === 0 ? {} : { requests }),
      ...optional('answers', answersOf(outputsOf(signature?.outputs))),
    };
  }

  private list(bucket: string, prefix: string): Promise<{ readonly paths: readonly string[]; readonly content: string }> {
    return this.connection.call('s3:ListBucket', POLICY, async () => {
      const found: { readonly path: string; readonly line: string }[] = [];
      for await (const { Contents: contents = [] } of paginateListObjectsV2({ client: this.s3 }, { Bucket: bucket, Prefix: prefix })) {
        found.push(...contents.map(({ Key: key, Size: size, ETag: etag }) => {
          const path = key!.slice(prefix.length);
          return { path, line: JSON.stringify([path, size, etag]) };
        }));
      }
      const lines = found.map(({ line }) => line).sort();
      return { paths: found.map(({ path }) => path), content: createHash('sha256').update(lines.join('\n')).digest('hex') };
    });
  }

  private text(bucket: string, key: string): Promise<string> {
    return this.connection.call('s3:GetObject', POLICY, async () => {
      const { Body: body } = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key, Range: `bytes=0-${MOST_BYTES - 1}` }));
      return body!.transformToString();
    });
  }
}

/** The folder in S3, with a slash at its end, as SageMaker wants it. */
function folderOf(of: string, uri: string, destination: string | undefined): string {
  const served = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/s.exec(uri)?.[1];
  if (served !== undefined && destination === undefined) {
    throw new CliError(
      Exit.USAGE, 'NO_DESTINATION', `${of} is at ${uri}, which the server serves itself; say with --artifacts-destination where in S3 it `
        + 'keeps that, as its own option of this name says',
    );
  }
  const place = served === undefined ? uri : `${destination!.replace(/\/+$/, '')}/${served}`;
  if (!/^s3:\/\/[^/]+\/./.test(place)) {
    throw new CliError(
      Exit.FAILED, 'MODEL_UNFIT', `${of} is at ${place}, but SageMaker takes models from S3; log it to a server that keeps artifacts there`,
    );
  }
  return place.endsWith('/') ? place : `${place}/`;
}

function parseMlModel(of: string, text: string): MlModel {
  try {
    return parse(text) as MlModel ?? {};
  } catch (error) {
    const [said] = (error as Error).message.split('\n', 1);
    throw new CliError(Exit.FAILED, 'MODEL_UNFIT', `the file ${MLMODEL} of ${of} cannot be read (${said}); log and register it again`);
  }
}

/** MLflow writes each part of a signature as JSON in a text. */
function outputsOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null') as unknown;
  } catch {
    return undefined;
  }
}
