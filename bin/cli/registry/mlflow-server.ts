import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { AwsClient } from 'aws4fetch';
import { managedMlflow } from '../../../lib/core/registry/pinned-mlflow-model';
import type { Connection } from '../aws/connection';
import { CliError, Exit } from '../exit';

const PATIENCE_MS = 30_000;
const POLICY = 'no construct: whoever looks models up needs sagemaker-mlflow:GetModelVersion, GetModelVersionByAlias and '
  + "GetDownloadURIForModelVersionArtifacts on SageMaker's tracking server, or sagemaker:CallMlflowAppApi on its app";
const NOTHING_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/** How a server is reached. */
interface Address {
  readonly url: string;
  /** Its name for the gateway in front of managed servers. */
  readonly headers: { readonly [name: string]: string };
  /** Service and region of AWS for which requests are signed. */
  readonly signed?: { readonly service: string; readonly region?: string };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** An MLflow tracking server, whose registry is asked as MLflow's own client asks it, with the same environment variables. */
export class MlflowServer {
  constructor(private readonly server: string, private readonly connection: Connection) {}

  /** GET of MLflow's REST interface, version 2.0. */
  async get<T>(path: string, parameters: { readonly [name: string]: string }): Promise<T> {
    const address = addressOf(this.server);
    const url = new URL(`${address.url}/api/2.0/mlflow/${path}`);
    // Signatures know %20 only.
    url.search = new URLSearchParams(parameters).toString().replaceAll('+', '%20');
    const { status, body } = await this.ask(url, await this.headers(url, address));
    if (status !== 200) {
      throw this.refused(status, body);
    }
    try {
      return JSON.parse(body) as T;
    } catch {
      throw new CliError(
        Exit.FAILED, 'MLFLOW_FAILED', `${this.server} does not answer in JSON: is that the address of an MLflow tracking server?`,
      );
    }
  }

  private async headers(url: URL, { headers, signed }: Address): Promise<{ readonly [name: string]: string }> {
    const { MLFLOW_TRACKING_USERNAME: user, MLFLOW_TRACKING_PASSWORD: password, MLFLOW_TRACKING_TOKEN: token } = process.env;
    if (signed !== undefined) {
      return this.signed(url, { ...headers, 'x-amz-content-sha256': NOTHING_SHA256 }, signed);
    }
    if (user && password) {
      return { ...headers, authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
    }
    return token ? { ...headers, authorization: `Bearer ${token}` } : headers;
  }

  private async signed(
    url: URL, headers: { readonly [name: string]: string }, { service, region }: NonNullable<Address['signed']>,
  ): Promise<{ readonly [name: string]: string }> {
    const { config } = this.connection.cloudFormation;
    const { accessKeyId, secretAccessKey, sessionToken } = await this.connection.call('sagemaker-mlflow:GetModelVersion', POLICY, () =>
      config.credentials());
    const client = new AwsClient({ accessKeyId, secretAccessKey, sessionToken, service, region: region ?? await this.connection.region() });
    const request = await client.sign(url.href, { headers });
    return Object.fromEntries(request.headers.entries());
  }

  private ask(url: URL, headers: { readonly [name: string]: string }): Promise<Answer> {
    const options: RequestOptions = { headers, timeout: PATIENCE_MS, ...trust() };
    return new Promise<Answer>((resolve, reject) => {
      const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, options, (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('end', () => resolve({ status: response.statusCode!, body: Buffer.concat(parts).toString() }));
        response.once('error', reject);
      });
      request.once('timeout', () => request.destroy(new Error(`no answer in ${PATIENCE_MS / 1_000} s`)));
      request.once('error', reject);
      request.end();
    }).catch((error: Error & { code?: string }) => {
      throw new CliError(
        Exit.FAILED, 'UNREACHABLE',
        `${this.server} cannot be reached (${error.message || error.code}): is the address right, and is there a connection?`,
      );
    });
  }

  private refused(status: number, body: string): CliError {
    const said = messageOf(body);
    if (status === 401 || status === 403) {
      return new CliError(
        Exit.DENIED, 'MLFLOW_DENIED', managedMlflow(this.server) === undefined
          ? `${this.server} does not accept this (${status}${said}); set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or `
            + 'MLFLOW_TRACKING_TOKEN, as for MLflow itself'
          : `${this.server} is not allowed (${status}${said}); ${POLICY}`,
      );
    }
    // An alias that is not there is a wrong parameter in MLflow's eyes.
    return status === 404 || /alias .* not found/i.test(said)
      ? new CliError(Exit.NOT_FOUND, 'NO_MODEL', `${this.server} does not have it${said}: are name, alias and version right?`)
      : new CliError(Exit.FAILED, 'MLFLOW_FAILED', `${this.server} answered with status ${status}${said}`);
  }
}

/** Where a server is: SageMaker's as its own plugin for MLflow (sagemaker-mlflow 0.5) finds it. */
function addressOf(server: string): Address {
  const managed = managedMlflow(server);
  if (managed === undefined) {
    return {
      url: server, headers: {},
      ...(isSet('MLFLOW_TRACKING_AWS_SIGV4') ? { signed: { service: 'execute-api' } } : {}),
    };
  }
  const { kind, region } = managed;
  const own = process.env.SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT;
  return kind === 'mlflow-app'
    ? {
        url: own ?? `https://mlflow.sagemaker.${region}.app.aws`,
        headers: { 'x-sm-mlflow-app-arn': server }, signed: { service: 'sagemaker', region },
      }
    : {
        url: own ?? `https://${region}.experiments.sagemaker.aws`,
        headers: { 'x-mlflow-sm-tracking-server-arn': server }, signed: { service: 'sagemaker-mlflow', region },
      };
}

/** Which certificates are trusted, in MLflow's own variables. */
function trust(): Pick<RequestOptions, 'ca' | 'rejectUnauthorized'> {
  const path = process.env.MLFLOW_TRACKING_SERVER_CERT_PATH;
  if (path) {
    return { ca: readFileSync(path) };
  }
  return isSet('MLFLOW_TRACKING_INSECURE_TLS') ? { rejectUnauthorized: false } : {};
}

function isSet(variable: string): boolean {
  return /^(?:true|1)$/i.test(process.env[variable] ?? '');
}

function messageOf(body: string): string {
  try {
    const { error_code: code, message } = JSON.parse(body) as { readonly error_code?: string; readonly message?: string };
    return `: ${[code, message?.split('\n', 1)[0]].filter(Boolean).join(': ')}`;
  } catch {
    return '';
  }
}
