// Draws the charts of a rehearsal's report, each when it comes into sight: a page may have dozens.
import { draw } from '../../../page/browser/draw';
import type { Chart } from '../../../page/chart';

const charts = JSON.parse(document.getElementById('charts')!.textContent) as readonly Chart[];

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting) {
      seen.unobserve(target);
      draw(target as HTMLElement, charts[Number((target as HTMLElement).dataset.chart)]);
    }
  }
}, { rootMargin: '600px' });

document.querySelectorAll('figure.chart').forEach((figure) => seen.observe(figure));
// On paper everything is in sight.
addEventListener('beforeprint', () => document.querySelectorAll('figure.chart:not(:has(canvas))').forEach((figure) => {
  seen.unobserve(figure);
  draw(figure as HTMLElement, charts[Number((figure as HTMLElement).dataset.chart)]);
}));
