// Limits of AWS that several places compute with.

/**
 * Synchronous invocation payload of Lambda, request and response alike, bytes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const LAMBDA_PAYLOAD_BYTES = 6_291_456;

/**
 * Asynchronous invocation payload of Lambda, bytes.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const LAMBDA_EVENT_BYTES = 1_048_576;

/**
 * InvokeEndpoint body, real-time endpoints, bytes.
 * @see https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
 */
export const SAGEMAKER_PAYLOAD_BYTES = 6_291_456;

/**
 * InvokeEndpoint body, serverless endpoints, bytes.
 * @see https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints.html
 */
export const SAGEMAKER_SERVERLESS_PAYLOAD_BYTES = 4_194_304;

/**
 * Longest that a SageMaker container may take to answer, seconds.
 * @see https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
 */
export const SAGEMAKER_TIMEOUT_SECONDS = 60;

/**
 * Default (and, without a quota raise, longest) integration timeout of a REST API, seconds.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
 */
export const API_GATEWAY_TIMEOUT_SECONDS = 29;

/**
 * Requests that a router sends at once to warm a version up: each has a connection, and a function may have 1,024 files open.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MOST_WARM_UP_REQUESTS = 500;

/**
 * Longest that API Gateway waits for the end of a streamed answer, seconds, whatever the account's integration timeout.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
 */
export const API_GATEWAY_STREAM_SECONDS = 900;

/**
 * Longest that Lambda waits for a function, seconds.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const LAMBDA_TIMEOUT_SECONDS = 900;

/**
 * Longest silence of a streamed answer before API Gateway ends it, seconds: of regional and private APIs.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
 */
export const API_GATEWAY_IDLE_SECONDS = 300;

/**
 * The same of edge-optimized APIs, seconds.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
 */
export const API_GATEWAY_EDGE_IDLE_SECONDS = 30;
