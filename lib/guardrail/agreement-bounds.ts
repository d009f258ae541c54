import { knownProblem } from '../validate/limits';

/** Shares of comparisons that may disagree, and that certification must exclude. */
export function agreementBounds(
  minAgreementRate: number,
  certifiedAgreementRate: number | undefined,
): { readonly bound: number; readonly margin: number } {
  const bound = rounded(1 - minAgreementRate);
  return {
    bound,
    margin: certifiedAgreementRate === undefined
      ? Math.min(rounded(2 * bound), rounded((1 + bound) / 2))
      : rounded(1 - certifiedAgreementRate),
  };
}

/** What is wrong with how much agreement is wanted. */
export function agreementProblems(at: string, minAgreementRate: number | undefined, certifiedAgreementRate: number | undefined): string[] {
  const problems = [
    ...knownProblem(
      `minAgreementRate ${at}`,
      minAgreementRate,
      [0.01, 0.9999],
      'of the comparisons',
      'it is a share, not percent; 0.95 lets one answer in twenty differ',
    ),
    ...knownProblem(
      `certifiedAgreementRate ${at}`, certifiedAgreementRate, [0.001, 0.9999], 'of the comparisons', 'leave it out for the default',
    ),
  ];
  if (
    problems.length > 0
    || certifiedAgreementRate === undefined
    || (minAgreementRate !== undefined && certifiedAgreementRate < minAgreementRate)
  ) {
    return problems;
  }
  return [
    minAgreementRate === undefined
      ? `certifiedAgreementRate ${at} is ${certifiedAgreementRate}, but without minAgreementRate agreement decides nothing; give both `
        + 'or none'
      : `certifiedAgreementRate ${at} is ${certifiedAgreementRate}, but must be below minAgreementRate ${minAgreementRate}, or no `
        + 'candidate could ever be certified; lower it or leave it out',
  ];
}

/** 1 - 0.95 is not 0.05. */
function rounded(share: number): number {
  return Number(share.toFixed(9));
}
