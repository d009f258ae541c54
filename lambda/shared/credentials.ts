/**
 * Takes the place of the AWS SDK's default credentials in the bundles: Lambda gives a function its credentials in the
 * environment, so the other providers, with the clients of SSO, STS and sign-in that they bring, would only be read and never run.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
