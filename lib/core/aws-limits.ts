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

/**
 * Longest that API Gateway waits for the end of a streamed answer, seconds, whatever the account's integration timeout; and Lambda for a
 * function.
 */
export const API_GATEWAY_STREAM_SECONDS = 900;
export const LAMBDA_TIMEOUT_SECONDS = 900;

/** Longest silence of a streamed answer before API Gateway ends it, seconds: of regional and private APIs, and of edge-optimized ones. */
export const API_GATEWAY_IDLE_SECONDS = 300;
export const API_GATEWAY_EDGE_IDLE_SECONDS = 30;
