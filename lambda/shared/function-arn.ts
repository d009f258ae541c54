/** A function's address without version or alias, and these. */
export interface FunctionArn {
  readonly unqualified: string;
  /** Name of the function. */
  readonly name: string;
  /** Version or alias; undefined for the function itself. */
  readonly qualifier?: string;
}

/** The parts of `arn:aws:lambda:region:account:function:name[:qualifier]`. */
export function parseFunctionArn(arn: string): FunctionArn {
  const parts = arn.split(':');
  return { unqualified: parts.slice(0, 7).join(':'), name: parts[6], qualifier: parts[7] };
}
