import Table from 'cli-table3';
import { PRICES_DATE } from '../../../lib/core/prices';
import type { CostDocument } from '../documents/cost-document';
import { BORDERLESS } from './borderless';
import type { Paint } from './line';

/** What `cost` shows. Pure: everything it says is in the document. */
export function renderCost({ stacks, requestsPerSecond, modelMs, ownPrices }: CostDocument, paint: Paint): string {
  const of = ownPrices ? 'by your prices' : `list prices of us-east-1 as known in ${PRICES_DATE}, without the free tier; not an offer`;
  return [
    `US dollars a month for ${requestsPerSecond} requests a second and a model of ${modelMs} ms, ${of}.`,
    'The models themselves, and what S3 keeps, are not in it.',
    ...stacks.flatMap(({ name, without, lines, total, savings, unpriced }) => {
      const table = new Table({ chars: BORDERLESS, style: { head: [], border: [] }, colAligns: ['left', 'right'] });
      table.push(
        ...lines.filter(({ dollars }) => dollars > 0).map(({ what, dollars }) => [what, money(dollars)]),
        [paint('bold', 'together').text, money(total)],
        ['an API before the model alone', money(without)],
      );
      return [
        '',
        paint('bold', name).text,
        table.toString(),
        ...unpriced,
        ...savings.map(({ what, dollars, price }) => `${what} saves ${money(dollars)}: ${price}`),
      ];
    }),
  ].join('\n');
}

function money(dollars: number): string {
  return dollars > 0 && dollars < 0.01 ? '< 0.01' : dollars.toFixed(2);
}
