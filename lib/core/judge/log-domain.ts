/** ln(exp(a) + exp(b)). Minus infinity stands for zero. */
export function logAddExp(a: number, b: number): number {
  const high = a > b ? a : b;
  const gap = a > b ? b - a : a - b;
  // Beyond 38 nats the smaller term is below the last bit of the larger; this also keeps -Infinity - -Infinity out.
  return gap > -38 ? high + Math.log1p(Math.exp(gap)) : high;
}

/** ln Σ exp(values). Minus infinity for an empty list, and for zeros only. */
export function logSumExp(values: ArrayLike<number>): number {
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    if (values[i] > high) {
      high = values[i];
    }
  }
  if (high === -Infinity) {
    return high;
  }
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const gap = values[i] - high;
    if (gap > -38) {
      sum += Math.exp(gap);
    }
  }
  return high + Math.log(sum);
}

/** ln of the mean of exp(values). */
export function logMeanExp(values: ArrayLike<number>): number {
  return logSumExp(values) - Math.log(values.length);
}
