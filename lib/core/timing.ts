
/** How old a cached route may get before a refresh starts beside the request. */
export const ROUTE_REFRESH_MS = 2_000;

/** How old a cached route may get before a request waits for the refresh. */
export const ROUTE_MAX_AGE_MS = 5_000;
