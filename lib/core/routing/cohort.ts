/**
 * Who gets a candidate before anybody else, whole: callers that have one of these. During the shares that follow they keep it, and are
 * counted apart.
 */
export interface CohortRule {
  readonly members: readonly CohortMember[];
}

export type CohortMember =
  /** A header with one of the values; its name is in lower case. Anybody may send it. */
  | { readonly by: 'header'; readonly name: string; readonly values: readonly string[] }
  /** A claim of the token, or a context key of a Lambda authorizer, with one of the values, or with one among its words. */
  | { readonly by: 'claim'; readonly name: string; readonly values: readonly string[] }
  /** IAM role names or user ARNs as API Gateway reports them. */
  | { readonly by: 'principal'; readonly arns: readonly string[] };
