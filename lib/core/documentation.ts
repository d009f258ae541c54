/** The documentation where everybody can read it. What is printed stays in logs for long, so the places on a page keep their names. */
const TROUBLESHOOTING = 'https://github.com/cdk-model-rollout/cdk-model-rollout/blob/main/docs/troubleshooting.md';

/** Where it is said what to do about a warning. GitHub writes the names of headings in lower case. */
export function helpOnWarning(name: string): string {
  return `${TROUBLESHOOTING}#${name.toLowerCase()}`;
}

/**
 * Where it is said what to do about a rollout that holds, or that ended without being promoted, by its first reason. A bake time needs
 * nobody; undefined then, and where a controller of before gave no reasons.
 */
export function helpOnRollout(how: 'held' | 'ended', reasons: readonly { readonly kind: string }[] | undefined): string | undefined {
  const kind = reasons?.[0]?.kind;
  return kind === undefined || kind === 'baking' ? undefined : `${TROUBLESHOOTING}#${how}-${kind}`;
}
