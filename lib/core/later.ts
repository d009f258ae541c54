/**
 * The same object with members that are computed when somebody reads them, and once: for what is shown now and then and costs more than
 * what is looked at every time. Such members are data to JSON and to comparisons.
 */
export function withLater<Known extends object, Later extends object>(
  known: Known,
  later: { readonly [member in keyof Later]: () => Later[member] },
): Omit<Known, keyof Later> & Later {
  const result: { [member: string]: unknown } = {};
  for (const member of Object.keys(known)) {
    const { get, value } = Object.getOwnPropertyDescriptor(known, member)!;
    if (get === undefined) {
      // Half the time of a definition, of objects that every judgement makes.
      result[member] = value;
    } else {
      // What is computed later in `known` still is.
      Object.defineProperty(result, member, { enumerable: true, configurable: true, get });
    }
  }
  for (const member in later) {
    const compute = later[member];
    let value: { readonly of: unknown } | undefined;
    Object.defineProperty(result, member, { enumerable: true, configurable: true, get: () => (value ??= { of: compute() }).of });
  }
  return result as Omit<Known, keyof Later> & Later;
}
