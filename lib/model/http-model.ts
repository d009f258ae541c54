import * as iam from 'aws-cdk-lib/aws-iam';
import { Aws, type Duration, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { LAMBDA_PAYLOAD_BYTES } from '../core/aws-limits';
import type { Target } from '../core/backends/backends';
import { optional } from '../core/optional';
import { wholeProblem } from '../validate/limits';
import { goesWithVersion } from '../validate/policy-size';
import { identify } from './digest';
import { HttpAuthentication, type SentSecret } from './http-authentication';
import type { ModelBindOptions } from './model-bind-options';
import { defaultTimeout, ModelVersion, versionOf } from './model-version';

/** A model server, and how it is asked. */
export interface HttpModelOptions {
  /** Where requests are sent with POST, such as `https://models.example.com/v1/chat/completions`. The router must reach it. */
  readonly url: string;

  /**
   * A label of the version, part of its digest: another label is another version. Change it whenever what answers at the address changes,
   * for nobody else can know. A new address is a new version without it.
   *
   * @default - the address tells the version
   */
  readonly version?: string;

  /**
   * How the server knows that it may answer.
   *
   * @default HttpAuthentication.none()
   */
  readonly authentication?: HttpAuthentication;

  /**
   * What each request has besides, such as `anthropic-version`. Part of the digest, and no place for secrets.
   *
   * @default - only what callers send: content type, accepted types, trace, and SageMaker's headers
   */
  readonly headers?: { readonly [name: string]: string };

  /**
   * Path, from the address's root, that answers a GET with 200 to 299 while the server is well, such as `/health`. A rollout waits for it
   * before the candidate has traffic.
   *
   * @default - the server is well if smoke tests pass
   */
  readonly healthPath?: string;

  /**
   * The longest that the server may take to answer.
   *
   * @default - the endpoint's own time-out
   */
  readonly timeout?: Duration;

  /**
   * Let the address be `http://`, so that bodies and secrets go through the network as they are.
   *
   * @default false
   */
  readonly plaintext?: boolean;

  /**
   * Largest request body, bytes.
   *
   * @default 6291456 - what Lambda takes
   */
  readonly maxRequestBytes?: number;
}

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** Set for each request by whoever sends it. */
const OWN_HEADERS = new Set(['host', 'content-length', 'connection', 'transfer-encoding', 'content-type', 'accept-encoding']);

/** @see Model.http */
export class HttpModelBackend {
  constructor(private readonly options: HttpModelOptions) {}

  public validate(): string[] {
    const { url, healthPath, headers = {}, authentication = HttpAuthentication.none(), maxRequestBytes, plaintext = false } = this.options;
    const sent = authentication._sent;
    const names = [...Object.keys(headers), ...(sent === undefined ? [] : [sent.header])];
    return [
      ...(Token.isUnresolved(url) ? [] : urlProblems(url, plaintext)),
      ...(healthPath === undefined || Token.isUnresolved(healthPath) || healthPath.startsWith('/')
        ? []
        : [`healthPath is ${JSON.stringify(healthPath)}, but must begin with a slash; it counts from the address's root`]),
      ...names.filter((name) => !HEADER_NAME.test(name) || OWN_HEADERS.has(name.toLowerCase())).map((name) =>
        `the header ${JSON.stringify(name)} is ${HEADER_NAME.test(name) ? 'set for each request' : 'no name that HTTP allows'}; `
          + 'leave it out, or name another'),
      ...(sent === undefined || !Object.keys(headers).some((name) => name.toLowerCase() === sent.header)
        ? []
        : [`headers has ${JSON.stringify(sent.header)}, which the authentication sends; leave it out`]),
      ...wholeProblem('maxRequestBytes', maxRequestBytes, [1, LAMBDA_PAYLOAD_BYTES], 'bytes', 'Lambda takes no more'),
    ];
  }

  public bind(scope: Construct, options: ModelBindOptions): ModelVersion {
    const { url, version, headers, healthPath, authentication = HttpAuthentication.none() } = this.options;
    const { secret, header, field } = authentication._sent ?? {};
    const identity = identify(scope, {
      kind: 'Http',
      version,
      serves: url,
      ...optional('headers', headers && lowerCased(headers)),
      ...optional('health', healthPath),
      ...optional('authentication', secret && { secret: secret.secretArn, header, field }),
    });
    return versionOf(scope, 'Http', identity, (id) => new HttpVersion(scope, id, identity.digest, this.options, options));
  }
}

class HttpVersion extends ModelVersion {
  public readonly timeout: Duration;
  protected readonly permission?: iam.Policy;

  constructor(scope: Construct, id: string, digest: string, private readonly options: HttpModelOptions, bind: ModelBindOptions) {
    super(scope, id, digest);
    this.timeout = options.timeout ?? defaultTimeout(bind);
    const sent = options.authentication?._sent;
    if (sent !== undefined) {
      this.permission = goesWithVersion(new iam.Policy(this, 'Invoke', { roles: [bind.invoker], statements: readsOf(sent) }));
    }
  }

  /** @internal */
  public _target(): Target {
    const { url, headers, healthPath, authentication, maxRequestBytes = LAMBDA_PAYLOAD_BYTES } = this.options;
    const sent = authentication?._sent;
    return {
      kind: 'http',
      url,
      ...optional('healthUrl', healthPath && `${rootOf(url)}${healthPath}`),
      ...optional('headers', headers && lowerCased(headers)),
      ...optional('secret', sent && {
        arn: sent.secret.secretArn, header: sent.header, ...optional('field', sent.field), ...optional('prefix', sent.prefix),
      }),
      maxRequestBytes,
    };
  }
}

/** Read the secret, and decrypt it where its key is known. */
function readsOf({ secret }: SentSecret): iam.PolicyStatement[] {
  // A partial ARN lacks the six characters that Secrets Manager puts at its end.
  const statements = [
    new iam.PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'], resources: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
    }),
  ];
  return secret.encryptionKey === undefined
    ? statements
    : [
        ...statements,
        new iam.PolicyStatement({
          actions: ['kms:Decrypt'],
          resources: [secret.encryptionKey.keyArn],
          conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${Aws.REGION}.amazonaws.com` } },
        }),
      ];
}

function urlProblems(url: string, plaintext: boolean): string[] {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['http:', 'https:'].includes(parsed.protocol)) {
    return [`url is ${JSON.stringify(url)}, but must be an address that begins with https://; give the one that takes the requests`];
  }
  return [
    ...(parsed.protocol === 'http:' && !plaintext
      ? [
          `url begins with http://, so that bodies and secrets would go through the network as they are; use https://, or set plaintext `
            + 'where the way is safe',
        ]
      : []),
    ...(parsed.username !== '' || parsed.password !== ''
      ? ['url has a user or a password in it, which everybody may read who may read the stack; use authentication']
      : []),
  ];
}

/** Scheme and host; the address may be known only at deployment, but not how it begins. */
function rootOf(url: string): string {
  return /^\w+:\/\/[^/?#]+/.exec(url)?.[0] ?? url;
}

function lowerCased(headers: { readonly [name: string]: string }): { readonly [name: string]: string } {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
