import { knownProblem } from '../validate/limits';

/** Shares of comparisons that may disagree, and that certification must exclude. */
export function agreementBounds(
  atLeast: number,
  certifiedAtLeast: number | undefined,
): { readonly bound: number; readonly margin: number } {
  const bound = rounded(1 - atLeast);
  return {
    bound,
    margin: certifiedAtLeast === undefined ? Math.min(rounded(2 * bound), rounded((1 + bound) / 2)) : rounded(1 - certifiedAtLeast),
  };
}

/** What is wrong with how much agreement is wanted. */
export function agreementProblems(at: string, atLeast: number | undefined, certifiedAtLeast: number | undefined): string[] {
  const problems = [
    ...knownProblem(
      `atLeast ${at}`,
      atLeast,
      [0.01, 0.9999],
      'of the comparisons',
      'it is a share, not percent; 0.95 lets one answer in twenty differ',
    ),
    ...knownProblem(`certifiedAtLeast ${at}`, certifiedAtLeast, [0.001, 0.9999], 'of the comparisons', 'leave it out for the default'),
  ];
  if (problems.length > 0 || certifiedAtLeast === undefined || (atLeast !== undefined && certifiedAtLeast < atLeast)) {
    return problems;
  }
  return [
    atLeast === undefined
      ? `certifiedAtLeast ${at} is ${certifiedAtLeast}, but without atLeast agreement decides nothing; give both or none`
      : `certifiedAtLeast ${at} is ${certifiedAtLeast}, but must be below atLeast ${atLeast}, or no candidate could ever be certified; `
        + 'lower it or leave it out',
  ];
}

/** 1 - 0.95 is not 0.05. */
function rounded(share: number): number {
  return Number(share.toFixed(9));
}
