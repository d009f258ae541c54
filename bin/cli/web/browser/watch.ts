// The page of `model-rollout watch --web`: asks its server every few seconds while somebody looks.
import type { Verb } from '../../../../lib/core/rollout/orders';
import { duration } from '../../../../lib/core/text';
import { type Drawn, draw } from '../../../../page/browser/draw';
import type { Chart } from '../../../../page/chart';
import { figure } from '../../../../page/figure';
import { type Content, html } from '../../../../page/html';
import { rolloutCharts } from '../../../../page/rollout-charts';
import type { WatchDocument, WatchedAlias } from '../watch-document';
import { alternatives, decisionsPart, guardrailsPart, headPart, versionsPart } from './parts';

const EVERY_MS = 5_000;
const SAID_MS = 20_000;
const TOKEN = 'model-rollout-token';
const ENDED = 'The command has ended. Start `model-rollout watch --web` again, and open the address that it prints.';

const SAYS: { readonly [verb in Verb]: { readonly action: string; readonly question: string } } = {
  abort: {
    action: 'Roll back now',
    question: 'Production gets all requests at once. A candidate that had any is refused until somebody allows another try.',
  },
  promote: { action: 'Promote now', question: 'The candidate gets all requests now, without the steps that are left.' },
  pause: { action: 'Pause', question: 'The rollout stays where it is; guardrails still protect it.' },
  resume: { action: 'Resume', question: 'The rollout goes on.' },
  approve: { action: 'Approve the next step', question: 'The next step may begin once everything else that it waits for is there.' },
  retry: { action: 'Allow another try', question: 'The rejected version may be deployed again.' },
};

const page = document.getElementById('page')!;
const dialog = document.getElementById('confirm') as HTMLDialogElement;
let chosen: string | undefined;
let latest: WatchDocument | undefined;
let problem: string | undefined;
let said: { readonly text: string; readonly ok: boolean } | undefined;
let drawn: Drawn[] = [];
/** What the charts are about: other titles need other charts. */
let titles = '';

// The token stays out of the address bar, of bookmarks and of what is shared.
if (location.hash.length > 1) {
  sessionStorage.setItem(TOKEN, location.hash.slice(1));
  history.replaceState(null, '', location.pathname);
}

async function ask(path: string, init: RequestInit = {}): Promise<unknown> {
  const reply = await fetch(path, {
    ...init, headers: { 'authorization': `Bearer ${sessionStorage.getItem(TOKEN) ?? ''}`, 'content-type': 'application/json' },
  });
  const body = await reply.json() as { readonly message?: string };
  if (!reply.ok) {
    throw new Error(body.message ?? `status ${reply.status}`);
  }
  return body;
}

async function look(): Promise<void> {
  try {
    latest = await ask('/rollouts') as WatchDocument;
    problem = undefined;
  } catch (error) {
    problem = error instanceof TypeError ? ENDED : (error as Error).message;
  }
  show();
}

function show(): void {
  const alias = current() ?? latest?.aliases.find(({ status }) => status.rollout?.status === 'running')
    ?? latest?.aliases.find(({ trace }) => trace !== undefined) ?? latest?.aliases[0];
  if (latest === undefined || alias === undefined) {
    put(page, html`<div class="banner ${problem === undefined ? '' : 'bad'}" role="alert">
      <strong>${problem ?? 'This stack has no alias.'}</strong></div>`);
    return;
  }
  chosen = alias.status.alias;
  const charts = alias.trace === undefined ? [] : rolloutCharts(alias.trace);
  if (page.querySelector('#head') === null || titles !== titlesOf(alias, charts)) {
    drawn.forEach((chart) => chart.destroy());
    put(page, html`<div id="head"></div><div id="charts" class="grid">${charts.map((chart, index) =>
      html`<div class="card">${figure(chart, index)}</div>`)}</div>
      <div id="guardrails"></div><div id="decisions"></div><div id="versions"></div>`);
    drawn = charts.map((chart, index) => draw(page.querySelectorAll<HTMLElement>('figure.chart')[index], chart));
    titles = titlesOf(alias, charts);
  } else {
    charts.forEach((chart, index) => drawn[index].update(chart));
  }
  document.title = `${alias.status.alias}: ${alias.status.rollout?.status ?? 'no rollout'}`;
  put(part('head'), html`${alternatives(latest, chosen)}${headPart(latest, alias, { problem, said, buttons: buttons(alias) })}`);
  put(part('guardrails'), guardrailsPart(alias));
  put(part('decisions'), decisionsPart(alias));
  put(part('versions'), versionsPart(alias));
}

function titlesOf({ status }: WatchedAlias, charts: readonly Chart[]): string {
  return [status.alias, ...charts.map(({ title }) => title)].join();
}

function part(id: string): HTMLElement {
  return document.getElementById(id)!;
}

/** Only what has changed is written, so that what a person has selected or opened stays. */
function put(element: HTMLElement, content: ReturnType<typeof html>): void {
  if (element.dataset.shown !== content.markup) {
    element.innerHTML = content.markup;
    element.dataset.shown = content.markup;
  }
}

function buttons({ orders }: WatchedAlias): Content {
  return orders.map((verb) => html`<button type="button" class="${verb}" data-verb="${verb}">${SAYS[verb].action}</button>`);
}

function confirm(verb: Verb): void {
  const { rollout } = current()!.status;
  const age = rollout?.status === 'running' && duration(Math.round((Date.parse(latest!.at) - Date.parse(rollout.startedAt)) / 1_000));
  const { action, question } = SAYS[verb];
  // Somebody who presses Enter without reading has given no order.
  put(dialog, html`<form method="dialog"><h2>${action}?</h2><p>${question}</p>
    <p class="soft">${chosen}, ${latest!.stack} in ${latest!.region}${age !== false && html`, running for ${age}`}</p>
    <label>Why, for the record <input name="reason" maxlength="500" autocomplete="off"></label>
    <div class="row"><button value="no" class="plain" autofocus>Leave it</button>
    <button value="${verb}" class="${verb}">${action}</button></div>
  </form>`);
  delete dialog.dataset.shown;
  dialog.returnValue = 'no';
  dialog.showModal();
}

function current(): WatchedAlias | undefined {
  return latest?.aliases.find(({ status }) => status.alias === chosen);
}

dialog.addEventListener('close', () => {
  const verb = dialog.returnValue as Verb;
  if (verb in SAYS) {
    void order(verb, dialog.querySelector('input')!.value);
  }
});

async function order(verb: Verb, reason: string): Promise<void> {
  const { status: { alias, rollout } } = current()!;
  try {
    const body = JSON.stringify({ verb, alias, reason, rollout: rollout?.id, version: rollout?.to });
    const { message } = await ask('/orders', { method: 'POST', body }) as { message: string };
    said = { ok: true, text: message };
  } catch (error) {
    said = { ok: false, text: error instanceof TypeError ? ENDED : (error as Error).message };
  }
  const now = said;
  // What came of an order is no state of the rollout.
  setTimeout(() => {
    said = said === now ? undefined : said;
    show();
  }, SAID_MS);
  await look();
}

document.addEventListener('click', ({ target }) => {
  const verb = (target as HTMLElement).closest<HTMLElement>('[data-verb]')?.dataset.verb;
  if (verb !== undefined) {
    confirm(verb as Verb);
  }
});
document.addEventListener('change', ({ target }) => {
  if (target instanceof HTMLSelectElement) {
    chosen = target.value;
    show();
  }
});
// Nobody pays for a page that nobody sees.
setInterval(() => void (document.visibilityState === 'visible' && look()), EVERY_MS);
document.addEventListener('visibilitychange', () => void (document.visibilityState === 'visible' && look()));
void look();
