import Table from 'cli-table3';
import type { AgreementCounts, CompareDocument, Disagreement, ShadowComparison } from '../documents/compare-document';
import { instant, percent, shortVersion } from './format';
import { line, type Line, type Paint } from './line';
import { BORDERLESS } from './borderless';

/** A prediction may be long. */
const PREDICTION_CHARACTERS = 24;

/** The tables that `compare` shows. Pure: everything it says is in the document. */
export function renderCompare(document: CompareDocument, paint: Paint): string {
  return [
    line`${paint('bold', document.alias)} ${paint('dim', `${instant(document.from)} to ${instant(document.to)}`)}`.text,
    ...document.shadows.map((shadow) => renderShadow(shadow, paint)),
  ].join('\n\n');
}

function renderShadow(shadow: ShadowComparison, paint: Paint): string {
  const { total, periods, worst, looked, more, notes } = shadow;
  const head =
    line`shadow ${paint('cyan', shadow.shadow)} ${shortVersion(shadow.version)} ${paint('dim', `${percent(100 * shadow.sampleRate)} of `
      + 'the requests')}`
      .text;
  const agreement = table([
    ['time', 'compared', 'agree', 'share', 'differ', 'other form', 'failed', 'undecided', 'dropped'].map((name) => paint('dim', name)),
    ...periods.map((period) => [line`${instant(period.start)}`, ...cells(period)]),
    [paint('bold', 'all'), ...cells(total)],
  ], [1, 2, 3, 4, 5, 6, 7, 8]);
  const disagreements =
    worst.length === 0
      ? [line`${paint('dim', total.comparisons > total.agreements ? 'no disagreement is in the log' : 'no disagreement')}`.text]
      : [
          line`worst disagreements${paint('dim', ` of ${looked}${more ? ', with more that were not looked at' : ''}`)}`.text,
          table(
            [
              ['inference id', 'time', 'outcome', 'difference', 'production', 'shadow'].map((name) => paint('dim', name)),
              ...worst.map(row),
            ],
            [3],
          ),
        ];
  return [head, agreement, '', ...disagreements, ...notes.map((note) => paint('yellow', note).text)].join('\n');
}

function cells({
  comparisons,
  agreements,
  differences,
  schemaDifferences,
  shadowErrors,
  comparisonErrors,
  dropped,
}: AgreementCounts): Line[] {
  const share = comparisons === 0 ? '-' : `${((100 * agreements) / comparisons).toFixed(2)} %`;
  return [comparisons, agreements, share, differences, schemaDifferences, shadowErrors, comparisonErrors, dropped].map(
    (value) => line`${value}`,
  );
}

function row({ inferenceId, time, comparison, difference, reason, production, shadow }: Disagreement): Line[] {
  return [
    line`${inferenceId}`, line`${instant(time)}`, line`${reason === undefined ? comparison : `${comparison}: ${reason}`}`,
    line`${difference === undefined ? '-' : Number(difference.toPrecision(6))}`, line`${short(production)}`, line`${short(shadow)}`,
  ];
}

function short(prediction: string | undefined): string {
  if (prediction === undefined) {
    return '-';
  }
  if (prediction.length > PREDICTION_CHARACTERS) {
    return `${prediction.slice(0, PREDICTION_CHARACTERS - 1)}…`;
  }
  return prediction;
}

function table(rows: readonly (readonly Line[])[], right: readonly number[]): string {
  const result = new Table({
    chars: BORDERLESS, style: { 'padding-left': 0, 'padding-right': 0, 'border': [], 'head': [] },
    colAligns: rows[0].map((_, column) => (right.includes(column) ? 'right' : 'left')),
  });
  result.push(...rows.map((cells) => cells.map(({ text }) => text)));
  return result.toString().replace(/ +$/gm, '');
}
