import type { Construct, IConstruct } from 'constructs';

/** ARNs, as tokens, of the functions of an app that pass requests on: routers and mirrors. */
const HANDING_OVER = new WeakMap<IConstruct, Set<string>>();

/** Remember a function that passes requests on. */
export function admitHandOver(scope: Construct, functionArn: string): void {
  const { root } = scope.node;
  HANDING_OVER.set(root, (HANDING_OVER.get(root) ?? new Set<string>()).add(functionArn));
}

/** Whether a function is a router or a mirror of the app. */
export function handsOver(scope: Construct, functionArn: string): boolean {
  return HANDING_OVER.get(scope.node.root)?.has(functionArn) === true;
}
