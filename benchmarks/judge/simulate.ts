import { FIGURES } from './figures';

/**
 * Prints the table of canary-analysis.md, "Acceptance numbers we should demand", with what our engine measures. Seeds are
 * fixed: two runs print the same table. `--runs 0.1` takes a tenth of the rollouts, `--only detection` a part of the table.
 */
function main(): void {
  const option = (name: string): string | undefined => {
    const index = process.argv.indexOf(`--${name}`);
    return index < 0 ? undefined : process.argv[index + 1];
  };
  const scale = Number(option('runs') ?? 1);
  const only = option('only');
  const figures = FIGURES.filter(({ section, name }) => only === undefined || `${section} ${name}`.includes(only));
  const started = performance.now();
  let section = '';
  let missed = 0;
  figures.forEach((figure, i) => {
    if (process.stderr.isTTY) {
      process.stderr.write(`\r\x1b[K${i + 1} of ${figures.length}: ${figure.section}, ${figure.name}`);
    }
    const { text, met } = figure.measure(Math.max(1, Math.round(figure.runs * scale)));
    if (process.stderr.isTTY) {
      process.stderr.write('\r\x1b[K');
    }
    if (figure.section !== section) {
      section = figure.section;
      console.log(`\n${section}`);
    }
    missed += met === false ? 1 : 0;
    console.log(`  ${(met === undefined ? '' : met ? 'ok' : 'MISSED').padEnd(7)}${figure.name.padEnd(66)} ${figure.demanded.padEnd(32)} ${text}`);
  });
  console.log(`\n${figures.length} figures, ${missed} missed, ${((performance.now() - started) / 1000).toFixed(0)} s`);
  process.exitCode = missed > 0 ? 1 : 0;
}

main();
