/** A request that a registry knows of a model, for its smoke test. */
export interface PinnedRequest {
  readonly name: string;
  readonly body: string;
  readonly contentType: string;
}

/** Bytes of the requests that are kept of one model: they stand in the app's context, and travel in the rollout's plan. */
export const MOST_REQUEST_BYTES = 32_768;
/** Requests that are kept of one model. */
export const MOST_REQUESTS = 10;

/** As many of the requests as there is room for, in their order. */
export function keptRequests(requests: readonly PinnedRequest[]): PinnedRequest[] {
  let bytes = 0;
  return requests.filter(({ body }) => {
    const size = Buffer.byteLength(body);
    const fits = bytes + size <= MOST_REQUEST_BYTES;
    bytes += fits ? size : 0;
    return fits;
  }).slice(0, MOST_REQUESTS);
}

/** Whether the context has requests, as they are kept there. */
export function isListOfRequests(value: unknown): value is readonly PinnedRequest[] {
  return Array.isArray(value) && value.every((each: unknown) => {
    const request = each as PinnedRequest | null;
    return typeof each === 'object' && request !== null
      && [request.name, request.body, request.contentType].every((text) => typeof text === 'string');
  });
}
