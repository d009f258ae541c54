import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { GoldenSurvey } from '../core/replay/golden';
import type { ReplaySource } from '../core/replay/plan';
import type { EndpointAlias } from '../endpoint/endpoint-alias';

/** Where recorded requests come from. */
export interface RecordedSource {
  /** For messages. */
  readonly name: string;
  /** What is known of the requests at synthesis; undefined where nothing is. */
  survey(labelPath: string | undefined): GoldenSurvey | undefined;
  /** What is wrong with the place, for a rollout of the alias. */
  problems(alias: EndpointAlias): string[];
  /** Define what it needs. */
  bind(scope: Construct): BoundSource;
}

export interface BoundSource {
  readonly source: ReplaySource;
  /** What the controller must be allowed to read. */
  readonly statements: iam.PolicyStatement[];
  /** Resources of these that end in a wildcard, and why they must. */
  readonly wildcards?: { readonly [arn: string]: string };
}
