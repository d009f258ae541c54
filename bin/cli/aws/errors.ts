import { CliError, Exit } from '../exit';

export type Action =
  | 'cloudformation:ListStackResources' | 'cloudwatch:GetMetricData' | 'dynamodb:GetItem' | 'dynamodb:Query'
  | 'kms:GetPublicKey' | 'lambda:GetFunctionConfiguration' | 'lambda:InvokeFunction' | 'logs:FilterLogEvents'
  | 's3:GetObject' | 's3:ListBucket' | 'sagemaker:DescribeModelPackage' | 'sagemaker:ListModelPackages'
  | 'sagemaker-mlflow:GetModelVersion';

export interface CallContext {
  readonly action: Action;
  readonly region?: string;
  readonly profile?: string;
  /** Which managed policy has the permission. */
  readonly policy: string;
}

type AwsError = Error & { readonly code?: unknown; readonly $metadata?: { readonly httpStatusCode?: number } };

const EXPIRED = /^(?:ExpiredToken|ExpiredTokenException|RequestExpired)$/;
const REFUSED =
  /^(?:UnrecognizedClientException|UnrecognizedClient|InvalidClientTokenId|InvalidSignatureException|SignatureDoesNotMatch|IncompleteSignature(?:Exception)?|MissingAuthenticationToken(?:Exception)?|AuthFailure)$/;
const DENIED = /^(?:AccessDenied|AccessDeniedException|UnauthorizedOperation|NotAuthorized)$/;
const THROTTLED =
  /^(?:Throttling|ThrottlingException|ThrottledException|TooManyRequestsException|RequestLimitExceeded|ProvisionedThroughputExceededException|SlowDown)$/;
const UNREACHABLE = /^(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE)$/;

/** The sentence for a failed call of AWS. */
export function explain(caught: unknown, { action, region, profile, policy }: CallContext): CliError {
  if (caught instanceof CliError) {
    return caught;
  }
  const error = caught as AwsError;
  const said = firstLine(error.message ?? String(caught));
  const where = region === undefined ? '' : ` in ${region}`;
  if (/region is missing/i.test(said)) {
    return new CliError(Exit.USAGE, 'NO_REGION', 'no region is set: name it with --region, AWS_REGION, or in the profile');
  }
  if (/region not accepted/i.test(said)) {
    return new CliError(
      Exit.USAGE,
      'BAD_REGION',
      `the region that --region, AWS_REGION or the profile says is not the name of a region: ${said}`,
    );
  }
  if (error.name === 'CredentialsProviderError' || error.name === 'TokenProviderError' || /could not load credentials/i.test(said)) {
    // Of a profile the SDK says what is wrong, such as an ended session; of the whole chain only that it is empty.
    const named = profile ?? process.env.AWS_PROFILE;
    return new CliError(Exit.DENIED, 'NO_CREDENTIALS', named === undefined
      ? 'there are no AWS credentials: sign in (such as with `aws sso login`), or name a profile with --profile'
      : `profile ${named} gives no AWS credentials: ${said}`);
  }
  if (EXPIRED.test(error.name)) {
    return new CliError(Exit.DENIED, 'CREDENTIALS_EXPIRED', 'the AWS credentials have expired: sign in again');
  }
  if (REFUSED.test(error.name)) {
    return new CliError(Exit.DENIED, 'CREDENTIALS_REFUSED', `AWS does not accept the credentials${where}: ${said}`);
  }
  if (DENIED.test(error.name) || error.$metadata?.httpStatusCode === 403) {
    return new CliError(
      Exit.DENIED,
      'NO_PERMISSION',
      `${action} is not allowed${where}; the permission is in ${policy}. AWS said: ${said}`,
    );
  }
  if (THROTTLED.test(error.name) || error.$metadata?.httpStatusCode === 429) {
    return new CliError(Exit.FAILED, 'THROTTLED', `AWS throttled ${action}${where}; try again in a moment`);
  }
  if (UNREACHABLE.test(String(error.code)) || error.name === 'TimeoutError') {
    return new CliError(
      Exit.FAILED,
      'UNREACHABLE',
      `${action.split(':')[0]} cannot be reached${where} (${said || String(error.code)}): is the region right (--region), and is there `
        + 'a connection?',
    );
  }
  return new CliError(Exit.FAILED, 'FAILED', `${action} failed${where}: ${error.name}: ${said}`);
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0].trim();
}
