/** What the construct tells the deploy gate, and the gate's custom resource type. */

export const GATE_RESOURCE_TYPE = 'Custom::ModelRolloutRoute';

/** Properties of the custom resource. CloudFormation turns every value into a text. */
export interface GateProperties {
  /** Name of the route table. */
  readonly Table: string;
  /** Key of the route record. */
  readonly Alias: string;
  /** A DeclaredRoute as JSON. */
  readonly Route: string;
  /** Name or ARN of the router function, asked whether it may call the new versions. */
  readonly RouterFunction: string;
  /** Seconds to wait after a version has left the route, before CloudFormation may delete it. */
  readonly DrainSeconds: string;
}

/** How long the gate waits for a new permission to reach the router, seconds. */
export const GATE_READINESS_SECONDS = 120;
