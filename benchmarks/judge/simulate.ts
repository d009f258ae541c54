import { simulationOptions } from '../report';
import { demands, FIGURES, quickRuns } from './figures';
import type { Figure } from './figures/figure';

/**
 * Prints the table of docs/how-it-decides.md, "Acceptance numbers we should demand", with what our engine measures. Seeds are
 * fixed: two runs print the same table. `--only detection` takes the lines that contain a text; `--quick` a part of the
 * rollouts behind every demand, which CI runs; `--runs 200` so many of each; `--json` prints a line of JSON per figure for it.
 */
async function main(args: readonly string[]): Promise<void> {
  const { quick, json, only, runs } = simulationOptions(args);
  const figures = (quick ? demands() : FIGURES).filter(({ section, name }) => `${section}: ${name}`.includes(only));
  const started = performance.now();
  let section = '';
  let missed = 0;
  for (const [i, figure] of figures.entries()) {
    progress(`${i + 1} of ${figures.length}: ${figure.section}: ${figure.name}`);
    const { text, met } = await figure.measure(quick ? quickRuns(figure) : runs ?? figure.runs);
    progress('');
    missed += met === false ? 1 : 0;
    if (json) {
      console.log(JSON.stringify({ section: figure.section, name: figure.name, text, met }));
      continue;
    }
    if (figure.section !== section) {
      section = figure.section;
      console.log(`\n${section}`);
    }
    console.log(row(figure, text, met));
  }
  if (!json) {
    console.log(`\n${figures.length} figures, ${missed} missed, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  }
  process.exitCode = missed > 0 ? 1 : 0;
}

function row(figure: Figure, text: string, met: boolean | undefined): string {
  const mark = new Map([[true, 'ok'], [false, 'MISSED']]).get(met as boolean) ?? '';
  return `  ${mark.padEnd(7)}${figure.name.padEnd(74)} ${figure.demanded.padEnd(32)} ${text}`;
}

/** One line that is written over, where somebody watches. */
function progress(text: string): void {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[K${text}`);
  }
}

void main(process.argv.slice(2));
