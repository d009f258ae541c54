import type { Chart, Line } from './chart';
import { html, type Html } from './html';

/** Where a chart is drawn: the browser finds it by its place among the page's charts. */
export function figure(chart: Chart, index: number): Html {
  return html`<figure class="chart" data-chart="${index}">
    <figcaption><b>${chart.title}</b> <span class="soft">${chart.about}</span>
      <span class="legend">${chart.lines.map(legendOf)}</span></figcaption>
    <div class="plot" role="img" aria-label="${chart.title}, ${chart.about}"></div>
  </figure>`;
}

function legendOf({ label, role, dashed }: Line, index: number): Html {
  return html`<span class="key ${role}${dashed === true ? ' dashed' : ''}" data-line="${index}">${label} <output></output></span>`;
}
