/**
 * Takes the place of the AWS SDK's providers of bearer tokens in the bundles: a function signs with its role, so they, with the clients of
 * SSO that they bring, would only be read and never run.
 */
const noToken = () => (): Promise<never> => Promise.reject(new Error('a function has no bearer token'));

export { noToken as fromEnvSigningName, noToken as nodeProvider };
