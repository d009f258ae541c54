/** CloudWatch's metric math for one period, as far as thresholds use it. A missing data point is NaN, and so is what is made of it. */
export type Formula = (value: (id: string) => number) => number;

/** What the parser cannot read, or a rehearsal does not know. */
export class MetricMathError extends Error {
  override readonly name = 'MetricMathError';
}

const TOKEN = /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|([A-Za-z][A-Za-z0-9_]*)|(>=|<=|==|!=|&&|\|\||[-+*/^<>(),]))/y;

type Binary = (a: number, b: number) => number;
const truth = (value: boolean): number => (value ? 1 : 0);

/** From loosest to tightest. */
const LEVELS: readonly { readonly [operator: string]: Binary }[] = [
  { '||': (a, b) => truth(a !== 0 || b !== 0), OR: (a, b) => truth(a !== 0 || b !== 0) },
  { '&&': (a, b) => truth(a !== 0 && b !== 0), AND: (a, b) => truth(a !== 0 && b !== 0) },
  { '==': (a, b) => truth(a === b), '!=': (a, b) => truth(a !== b) },
  { '<': (a, b) => truth(a < b), '>': (a, b) => truth(a > b), '<=': (a, b) => truth(a <= b), '>=': (a, b) => truth(a >= b) },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  // A division by zero gives no data point.
  { '*': (a, b) => a * b, '/': (a, b) => (b === 0 ? NaN : a / b) },
  { '^': (a, b) => a ** b },
];

/** Compile an expression. Throws a {@link MetricMathError}. */
export function compile(expression: string): Formula {
  return new Parser(tokensOf(expression), expression).whole();
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < expression.trimEnd().length) {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (match === null) {
      throw new MetricMathError(`${JSON.stringify(expression)} is not understood at ${JSON.stringify(expression.slice(at, at + 10))}`);
    }
    tokens.push(match[1] ?? match[2] ?? match[3]);
  }
  return tokens;
}

class Parser {
  private at = 0;

  constructor(private readonly tokens: readonly string[], private readonly text: string) {}

  whole(): Formula {
    const formula = this.binary(0);
    if (this.at < this.tokens.length) {
      throw this.unexpected();
    }
    return formula;
  }

  private binary(level: number): Formula {
    if (level === LEVELS.length) {
      return this.unary();
    }
    let left = this.binary(level + 1);
    for (;;) {
      const operator = LEVELS[level][this.tokens[this.at]];
      if (operator === undefined) {
        return left;
      }
      this.at++;
      const [a, b] = [left, this.binary(level + 1)];
      left = (value) => {
        const [x, y] = [a(value), b(value)];
        return Number.isNaN(x) || Number.isNaN(y) ? NaN : operator(x, y);
      };
    }
  }

  private unary(): Formula {
    if (this.tokens[this.at] === '-') {
      this.at++;
      const operand = this.unary();
      return (value) => -operand(value);
    }
    return this.primary();
  }

  private primary(): Formula {
    const token = this.tokens[this.at++];
    if (token === undefined) {
      throw new MetricMathError(`${JSON.stringify(this.text)} ends too early`);
    }
    if (token === '(') {
      const inner = this.binary(0);
      this.expect(')');
      return inner;
    }
    if (/^\d/.test(token)) {
      const number = Number(token);
      return () => number;
    }
    if (!/^[A-Za-z]/.test(token)) {
      this.at--;
      throw this.unexpected();
    }
    return this.tokens[this.at] === '(' ? this.call(token) : (value) => value(token);
  }

  private call(name: string): Formula {
    this.at++;
    const parameters = [this.binary(0)];
    while (this.tokens[this.at] === ',') {
      this.at++;
      parameters.push(this.binary(0));
    }
    this.expect(')');
    const [a, b, c] = parameters;
    switch (`${name.toUpperCase()}/${parameters.length}`) {
      case 'IF/3':
        return (value) => {
          const condition = a(value);
          if (Number.isNaN(condition)) {
            return NaN;
          }
          if (condition !== 0) {
            return b(value);
          }
          return c(value);
        };
      case 'IF/2':
        return (value) => (a(value) > 0 ? b(value) : NaN);
      case 'FILL/2':
        return (value) => {
          const given = a(value);
          return Number.isNaN(given) ? b(value) : given;
        };
      case 'ABS/1':
        return (value) => Math.abs(a(value));
      case 'CEIL/1':
        return (value) => Math.ceil(a(value));
      case 'FLOOR/1':
        return (value) => Math.floor(a(value));
      default:
        throw new MetricMathError(`the function ${name} of ${JSON.stringify(this.text)} is not simulated`);
    }
  }

  private expect(token: string): void {
    if (this.tokens[this.at] !== token) {
      throw this.unexpected();
    }
    this.at++;
  }

  private unexpected(): MetricMathError {
    return new MetricMathError(`${JSON.stringify(this.text)} is not understood at ${JSON.stringify(this.tokens[this.at] ?? 'its end')}`);
  }
}
