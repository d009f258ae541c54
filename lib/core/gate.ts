/** What the construct tells the deploy gate, and the gate's custom resource type. */

export const GATE_RESOURCE_TYPE = 'Custom::ModelRolloutRoute';

/** Keeps an endpoint's routes where its routers look for them when it gets another name. */
export const NAME_RESOURCE_TYPE = 'Custom::ModelRolloutName';

/** Properties of the custom resource that stands for an endpoint's name. */
export interface NameProperties {
  /** Name of the route table. */
  readonly Table: string;
  readonly Endpoint: string;
  /** Logical ids of the endpoint's {@link GATE_RESOURCE_TYPE}s, separated by commas. */
  readonly Routes: string;
}

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
  /** A RolloutPlan as JSON: a changed model moves by it. Absent: at once. */
  readonly Plan?: string;
  /** A Variant as JSON: a second model that a detached rollout moves to. */
  readonly Candidate?: string;
  /** Address of the wait condition handle of the declared version, where the plan's answer is one. */
  readonly WaitHandle?: string;
}

/** How long the gate waits for a new permission to reach the router, seconds. */
export const GATE_READINESS_SECONDS = 120;

/** How long a new permission may take to be known everywhere, where nobody can be asked whether it is, seconds. */
export const PERMISSION_SECONDS = 20;

/** Longest that CloudFormation waits for a custom resource, and for a wait condition, seconds. */
export const RESPONSE_LIMIT_SECONDS = 3_600;
export const WAIT_CONDITION_LIMIT_SECONDS = 43_200;
