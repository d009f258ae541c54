import { Header } from './names';

/** Which pages of other origins may read what an endpoint answers. */
export interface CorsPlan {
  /** Origins, or `*` alone. */
  readonly origins: readonly string[];
  /** Browsers may send cookies and other credentials. */
  readonly credentials: boolean;
  /** Headers that pages may read besides those of {@link EXPOSED_HEADERS}. */
  readonly exposed: readonly string[];
}

/** Headers of every endpoint that pages may send. */
export const SENT_HEADERS: readonly string[] = [
  'Accept',
  'Content-Encoding',
  Header.INFERENCE_ID,
  Header.CUSTOM_ATTRIBUTES,
  Header.SESSION_ID,
  Header.TARGET_MODEL,
  Header.TARGET_VARIANT,
  Header.TARGET_CONTAINER,
  Header.ENABLE_EXPLANATIONS,
  Header.INFERENCE_COMPONENT,
  Header.PREFIX_AWARE_ID,
];

/** Headers of every endpoint that pages may read. */
export const EXPOSED_HEADERS: readonly string[] = [
  Header.INFERENCE_ID,
  Header.INVOKED_VARIANT,
  Header.CUSTOM_ATTRIBUTES,
  Header.NEW_SESSION_ID,
  Header.CLOSED_SESSION_ID,
  Header.ERROR_TYPE,
  'retry-after',
];

/** What pages may read of the headers, in one line. */
export function exposedHeaders({ exposed }: Pick<CorsPlan, 'exposed'>): string {
  return [...new Set([...EXPOSED_HEADERS, ...exposed.map((name) => name.toLowerCase())])].join(',');
}
