import { Format, Presets } from 'cli-progress';

const WIDTH = 24;

/** A bar of fixed width for a share between 0 and 1. */
export function progressBar(share: number): string {
  const { barCompleteChar, barIncompleteChar } = Presets.shades_classic;
  return Format.BarFormat(Math.min(1, Math.max(0, share)), {
    barsize: WIDTH,
    barCompleteString: barCompleteChar!.repeat(WIDTH),
    barIncompleteString: barIncompleteChar!.repeat(WIDTH),
    barGlue: '',
  });
}
