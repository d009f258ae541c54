/** Where clients of SageMaker's runtime send `InvokeEndpoint`, below the path of an alias. */
export const INVOCATIONS_PATH = 'invocations';

/** Where they send `InvokeEndpointWithResponseStream`. */
export const RESPONSE_STREAM_PATH = 'invocations-response-stream';
