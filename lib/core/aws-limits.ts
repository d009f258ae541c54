// Limits of AWS that several places compute with.

/** Synchronous invocation payload of Lambda, request and response alike, bytes. */
export const LAMBDA_PAYLOAD_BYTES = 6_291_456;

/** Asynchronous invocation payload of Lambda, bytes. */
export const LAMBDA_EVENT_BYTES = 1_048_576;

/** InvokeEndpoint body, real-time endpoints, bytes. */
export const SAGEMAKER_PAYLOAD_BYTES = 6_291_456;

/** InvokeEndpoint body, serverless endpoints, bytes. */
export const SAGEMAKER_SERVERLESS_PAYLOAD_BYTES = 4_194_304;

/** Longest that a SageMaker container may take to answer, seconds. */
export const SAGEMAKER_TIMEOUT_SECONDS = 60;

/** Default (and, without a quota raise, longest) integration timeout of a REST API, seconds. */
export const API_GATEWAY_TIMEOUT_SECONDS = 29;

/** Requests that a router sends at once to warm a version up: each has a connection, and a function may have 1,024 files open. */
export const MOST_WARM_UP_REQUESTS = 500;
