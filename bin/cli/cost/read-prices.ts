import { readFileSync } from 'node:fs';
import { PRICES, type Prices } from '../../../lib/core/prices';
import { CliError, Exit } from '../exit';

/** The list prices, with those of a file in their place. */
export function readPrices(file: string | undefined): Prices {
  if (file === undefined) {
    return PRICES;
  }
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CliError(Exit.USAGE, 'BAD_OPTION', `--prices ${file} cannot be read as JSON: ${(error as Error).message}`);
  }
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw new CliError(Exit.USAGE, 'BAD_OPTION', `--prices ${file} is not an object of prices, such as {"apiRequest": 0.0000035}`);
  }
  const wrong = Object.entries(given).filter(([name, price]) => !(name in PRICES) || typeof price !== 'number' || !(price >= 0));
  if (wrong.length > 0) {
    const told = wrong.map(([name, price]) => `${name}: ${JSON.stringify(price)}`).join(', ');
    throw new CliError(
      Exit.USAGE,
      'BAD_OPTION',
      `--prices ${file} has ${told}; names are ${Object.keys(PRICES).join(', ')}, and prices are US dollars from 0`,
    );
  }
  return { ...PRICES, ...(given as Partial<Prices>) };
}
