import type { IConstruct } from 'constructs';
import type { EndpointGrants } from './endpoint-grants';
import type { EndpointMetrics } from './endpoint-metrics';

/** A model endpoint, defined in this stack or another. */
export interface IModelEndpoint extends IConstruct {
  /** Name of the endpoint: dimension of its metrics and part of its routes' keys. */
  readonly endpointName: string;

  /** Address of the alias `live`. */
  readonly url: string;

  /** Permissions on the endpoint. */
  readonly grants: EndpointGrants;

  /** Metrics of the endpoint's variants. */
  readonly metrics: EndpointMetrics;

  /** Address of an alias: requests are sent there with POST. */
  urlFor(alias: string): string;
}
