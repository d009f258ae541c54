// Records the demo as a terminal session that README shows: runs it, and draws its lines as an SVG that plays them, quicker than they came.
//
//   node scripts/docs/record-demo.mjs
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { root } from './pages.mjs';

const OUTPUT = join(root, 'docs', 'public', 'demo.svg');
/** Two minutes of waiting are nobody's pleasure: longer pauses are cut to this, seconds. */
const LONGEST_PAUSE = 1.6;
const HOLD_SECONDS = 8;
const [COLUMNS, ROWS] = [112, 28];
const [CHARACTER, LINE, MARGIN, BAR] = [7.8, 18, 16, 30];

const lines = await recorded();
writeFileSync(OUTPUT, drawn(lines));
console.log(`${lines.length} lines in docs/public/demo.svg`);

async function recorded() {
  const demo = spawn('npm', ['run', '--silent', 'demo'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const started = performance.now();
  const found = [{ at: 0, text: '$ npm run demo' }];
  for await (const text of createInterface({ input: demo.stdout })) {
    // The demo builds the handlers first, which is not its story, and ends with a table that is too wide for a picture.
    if (!text.startsWith('assets/') && (text.length <= COLUMNS || !/^[┌│├└]/.test(text))) {
      found.push({ at: (performance.now() - started) / 1_000, text });
    }
  }
  return found;
}

function drawn(all) {
  let now = 0;
  const timed = all.flatMap(({ at, text }, index) => {
    now += Math.min(LONGEST_PAUSE, index === 0 ? 0 : at - all[index - 1].at);
    return wrapped(text).map((part) => ({ at: now, text: part }));
  });
  const total = now + HOLD_SECONDS;
  const width = Math.ceil(COLUMNS * CHARACTER + 2 * MARGIN);
  const height = ROWS * LINE + 2 * MARGIN + BAR;
  const percent = (at) => `${((100 * at) / total).toFixed(2)}%`;
  // The screen scrolls by a line whenever one comes that has no place any more.
  const scrolls = timed.flatMap(({ at }, index) => (index < ROWS ? [] : [`${percent(at)}{transform:translateY(${-(index - ROWS + 1) * LINE}px)}`]));
  const shown = timed.map(({ at }, index) => `@keyframes l${index}{0%,${percent(at)}{opacity:0}${percent(at + 0.01)},100%{opacity:1}}`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="A recording of npm run demo">
<style>
text{font:13px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#d7dce2;white-space:pre}
.prompt{fill:#7fd6a8}.bad{fill:#ff9a8f}
#screen{animation:scroll ${total}s step-end infinite}
@keyframes scroll{0%{transform:translateY(0)}${scrolls.join('')}}
#screen text{animation-duration:${total}s;animation-timing-function:step-end;animation-iteration-count:infinite}
${shown}
@media (prefers-reduced-motion:reduce){#screen,#screen text{animation:none}#screen{transform:translateY(${-Math.max(0, timed.length - ROWS) * LINE}px)}}
</style>
<rect width="${width}" height="${height}" rx="10" fill="#16191d"/>
<circle cx="20" cy="18" r="6" fill="#ff5f57"/><circle cx="40" cy="18" r="6" fill="#febc2e"/><circle cx="60" cy="18" r="6" fill="#28c840"/>
<svg x="${MARGIN}" y="${BAR + MARGIN}" width="${width - 2 * MARGIN}" height="${ROWS * LINE}" overflow="hidden"><g id="screen">
${timed.map(({ text }, index) => `<text x="0" y="${(index + 1) * LINE - 5}" style="animation-name:l${index}"${styleOf(text)}>${escaped(text)}</text>`).join('\n')}
</g></svg>
</svg>
`;
}

/** As a terminal shows a line that is too long. */
function wrapped(text) {
  return text.match(new RegExp(`.{1,${COLUMNS}}`, 'g')) ?? [''];
}

function styleOf(text) {
  if (text.startsWith('$')) {
    return ' class="prompt"';
  }
  return /roll back|failed, as it should/.test(text) ? ' class="bad"' : '';
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
