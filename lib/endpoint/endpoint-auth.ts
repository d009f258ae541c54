import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type * as cognito from 'aws-cdk-lib/aws-cognito';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Duration } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import { BundledFunction } from '../package/bundled-function';
import { Env } from '../core/names';
import { warn } from '../validate/warn';

/** How the method that invokes a model is protected. */
export interface EndpointAuthConfig {
  /** Kind of authorization. */
  readonly authorizationType: apigateway.AuthorizationType;

  /**
   * Authorizer of the method.
   *
   * @default - none, as IAM and API keys need none
   */
  readonly authorizer?: apigateway.IAuthorizer;

  /**
   * Scopes that the token must have one of.
   *
   * @default - any token of the user pool will do
   */
  readonly authorizationScopes?: string[];

  /**
   * Whether the method wants an API key.
   *
   * @default false
   */
  readonly apiKeyRequired?: boolean;
}

/** Limits for the holder of an API key. */
export interface ApiKeyOptions {
  /**
   * Steady rate and burst of the key.
   *
   * @default - the stage's own
   */
  readonly throttle?: apigateway.ThrottleSettings;

  /**
   * Requests in a day, week or month.
   *
   * @default - unlimited
   */
  readonly quota?: apigateway.QuotaSettings;
}

/** How tokens of an OpenID Connect issuer are checked. */
export interface JwtOptions {
  /** The issuer, exactly as in the token's `iss`; its keys are read below this address. */
  readonly issuer: string;

  /** The audience, which the token's `aud` must name. */
  readonly audience: string;

  /**
   * Where the issuer's keys are.
   *
   * @default - `/.well-known/jwks.json` of the issuer
   */
  readonly jwksUri?: string;
}

/** Who may invoke an endpoint, and how callers prove it. */
export abstract class EndpointAuth {
  /** AWS credentials: callers sign their requests, and IAM policies (see `grants.invoke`) say who may. */
  public static iam(): EndpointAuth {
    return new Auth(() => ({ authorizationType: apigateway.AuthorizationType.IAM }));
  }

  /**
   * An API key in the header `x-api-key`, with a usage plan. A key identifies a caller but proves little; prefer IAM. Needs an
   * API that the endpoint creates itself.
   */
  public static apiKey(options: ApiKeyOptions = {}): EndpointAuth {
    return new Auth(
      (scope, api) => {
        const key = new apigateway.ApiKey(scope, 'ApiKey');
        const plan = new apigateway.UsagePlan(scope, 'UsagePlan', options);
        plan.addApiKey(key);
        plan.addApiStage({ stage: api.deploymentStage });
        return { authorizationType: apigateway.AuthorizationType.NONE, apiKeyRequired: true };
      },
      [
        'an API key opens every endpoint of an API with API keys, because usage plans are for a stage; leave api out, so that the '
          + 'endpoint has an API of its own, or choose another EndpointAuth',
      ],
    );
  }

  /** Tokens of Amazon Cognito user pools. With `scopes` they must be access tokens that have one of them. */
  public static cognito(userPools: cognito.IUserPool[], scopes?: string[]): EndpointAuth {
    return new Auth((scope) => ({
      authorizationType: apigateway.AuthorizationType.COGNITO,
      authorizer: new apigateway.CognitoUserPoolsAuthorizer(scope, 'Authorizer', { cognitoUserPools: userPools }),
      authorizationScopes: scopes,
    }));
  }

  /** A function of yours that checks the header `Authorization`. Its answers are cached for five minutes. */
  public static lambdaAuthorizer(handler: lambda.IFunction): EndpointAuth {
    return new Auth((scope) => ({
      authorizationType: apigateway.AuthorizationType.CUSTOM,
      authorizer: new apigateway.TokenAuthorizer(scope, 'Authorizer', { handler }),
    }));
  }

  /** Tokens of any OpenID Connect issuer, checked by a function of this package. */
  public static jwt(options: JwtOptions): EndpointAuth {
    return new Auth((scope) => {
      const handler = new BundledFunction(scope, 'JwtAuthorizer', {
        asset: 'jwt-authorizer',
        description: 'Checks the tokens of callers of a model endpoint',
        memorySize: 256,
        timeout: Duration.seconds(10),
        environment: {
          [Env.JWT_ISSUER]: options.issuer,
          [Env.JWT_AUDIENCE]: options.audience,
          [Env.JWT_JWKS_URI]: options.jwksUri ?? `${options.issuer.replace(/\/$/, '')}/.well-known/jwks.json`,
        },
      });
      return {
        authorizationType: apigateway.AuthorizationType.CUSTOM,
        authorizer: new apigateway.TokenAuthorizer(scope, 'Authorizer', {
          handler: handler.function,
          validationRegex: '^[Bb]earer [A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]+\\.[A-Za-z0-9_=-]+$',
        }),
      };
    });
  }

  /**
   * Keys of your own making in the header `Authorization`, after `Bearer`, as clients of OpenAI's shape send them. They are in a secret:
   * one as its whole text, or several as a JSON object by name, `{ "shop": "…", "search": "sha256:…" }`, each as it is or as the hash of
   * it in hex. A key has at least 16 characters. Several at once let you replace one without a pause: add the new one, move its holders,
   * remove the old one, which opens nothing two minutes later. The name is the claim `key`, for `Cohort.claim` and others.
   *
   * @param secret the keys
   */
  public static bearerKeys(secret: secretsmanager.ISecret): EndpointAuth {
    return new Auth((scope) => {
      const handler = new BundledFunction(scope, 'KeyAuthorizer', {
        asset: 'key-authorizer',
        description: 'Checks the keys of callers of a model endpoint',
        memorySize: 256,
        timeout: Duration.seconds(10),
        environment: { [Env.KEYS]: secret.secretArn },
      });
      secret.grantRead(handler.function);
      return {
        authorizationType: apigateway.AuthorizationType.CUSTOM,
        authorizer: new apigateway.TokenAuthorizer(scope, 'Authorizer', {
          handler: handler.function,
          resultsCacheTtl: Duration.minutes(1),
          validationRegex: '^[Bb]earer .{16,}$',
        }),
      };
    });
  }

  /** No authentication: anyone who knows the address can invoke the models, at your cost. Gives a warning. */
  public static none(): EndpointAuth {
    return new Auth((scope) => {
      warn(
        scope,
        'openEndpoint',
        'anybody who knows the address may invoke this endpoint; choose another EndpointAuth, or protect the API in another way',
      );
      return { authorizationType: apigateway.AuthorizationType.NONE };
    });
  }

  /** Define what the protection needs. */
  public abstract bind(scope: Construct, api: apigateway.IRestApi): EndpointAuthConfig;

  /**
   * Why this does not protect an endpoint of an API with others, or nothing.
   *
   * @internal
   */
  public _problemsOnSharedApi(): readonly string[] {
    return [];
  }
}

class Auth extends EndpointAuth {
  constructor(
    private readonly define: (scope: Construct, api: apigateway.IRestApi) => EndpointAuthConfig,
    private readonly problemsOnSharedApi: readonly string[] = [],
  ) {
    super();
  }

  /** @internal */
  public override _problemsOnSharedApi(): readonly string[] {
    return this.problemsOnSharedApi;
  }

  public bind(scope: Construct, api: apigateway.IRestApi): EndpointAuthConfig {
    return this.define(scope, api);
  }
}
