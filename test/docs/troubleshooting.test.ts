import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reason } from '../../lib/core/rollout/reasons';
import { helpOnRollout, helpOnWarning } from '../../lib/core/documentation';
import { WORDS } from '../fixtures/reasons';

const root = join(__dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
}

/** What warnings are called, where they are given. */
function warnings(): string[] {
  return [...new Set(sources('lib').flatMap((text) =>
    [...text.matchAll(/\bwarn\(\s*(?:[\w.]+,\s*)?'(\w+)'|\bNO_ROLLOUT = '(\w+)'/g)].map(([, given, named]) => given ?? named)))].sort();
}

/** In which of the tables somebody looks for a reason. The compiler completes it. */
const LOOKED_FOR: { readonly [kind in Reason['kind']]: readonly ('held' | 'ended')[] } = {
  'aborted': ['ended'], 'controller-failed': ['ended'], 'guardrail': ['held', 'ended'], 'tests-failed': ['ended'], 'cohort-failed': ['ended'],
  'evidence': ['held', 'ended'], 'replay-failed': ['ended'], 'gate': ['held', 'ended'], 'never-ready': ['ended'], 'no-window': ['ended'],
  'foreseen': ['ended'], 'too-little-traffic': ['ended'], 'deadline': ['ended'], 'uncertified': ['held', 'ended'],
  'uncertified-replay': ['held', 'ended'], 'not-ready': ['held'], 'paused': ['held'], 'evidence-unknown': ['held'], 'baking': ['held'],
  'requests-unknown': ['held'], 'impossible-counts': ['held'], 'too-few-requests': ['held', 'ended'], 'replaying': ['held'], 'not-shadowed': ['held'],
  'approval': ['held'], 'outside-windows': ['held'], 'window-closes': ['held'], 'calendar': ['held'], 'superseded': ['ended'],
  // A rollout that goes on needs no help.
  'ready': [], 'answered': [], 'proof': [], 'noticed': [], 'promotion-asked': [],
};
/** What is said in the words of a guardrail, a foresight or the judge has no words of its own. */
const OTHERS_WORDS = ['evidence', 'foreseen'];

/** Whether the first cell of a row has the words, with … for what differs. */
function says(row: string, words: string): boolean {
  const [, cell] = row.split('|');
  return [...cell.matchAll(/`([^`]+)`/g)].some(([, pattern]) =>
    new RegExp(`^${pattern.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}`).test(words));
}

describe('docs/troubleshooting.md', () => {
  test.each(Object.entries(LOOKED_FOR).flatMap(([kind, places]) => places.map((place) => [place, kind as Reason['kind']] as const)))(
    'has a place for a rollout that is %s for %s, by its words', (place, kind) => {
      const rows = page.split('\n').filter((line) => line.includes(`<a id="${place}-${kind}"></a>`));
      expect(rows).toHaveLength(1);
      expect(OTHERS_WORDS.includes(kind) || says(rows[0], WORDS[kind][1])).toBe(true);
    });

  test('has no place for a reason that is gone', () => {
    const places = Object.entries(LOOKED_FOR).flatMap(([kind, each]) => each.map((place) => `${place}-${kind}`));
    expect([...page.matchAll(/<a id="((?:held|ended)-[\w-]+)"><\/a>/g)].map(([, id]) => id).sort()).toEqual(places.sort());
  });

  test('has a section for every warning, and none for a warning that is gone', () => {
    const from = page.indexOf('## Warnings at synthesis');
    const sections = [...page.slice(from, page.indexOf('\n## ', from + 1)).matchAll(/^### (\w+)$/gm)].map(([, id]) => id);
    expect(sections).toEqual(warnings());
    expect(sections.length).toBeGreaterThan(20);
  });

  test('is where warnings, errors of CloudFormation and `status` send people: the address names the repository, the page and the place', () => {
    const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { repository: { url: string } };
    const here = `${repository.url.replace(/\.git$/, '')}/blob/main/docs/troubleshooting.md`;
    // GitHub makes places of headings, in lower case, and of anchors.
    const places = [...page.matchAll(/^### (\w+)$|<a id="([\w-]+)"><\/a>/gm)].map(([, heading, anchor]) => `${here}#${heading?.toLowerCase() ?? anchor}`);
    const sent = [
      ...warnings().map(helpOnWarning),
      ...Object.entries(LOOKED_FOR).flatMap(([kind, hows]) => hows.map((how) => helpOnRollout(how, [{ kind }]))),
    ];
    expect(sent.filter((place) => place !== undefined && !places.includes(place))).toEqual([]);
    expect(sent.filter((place) => place === undefined)).toHaveLength(1);
  });

  test('has every code of a JSON error that callers can get', () => {
    const codes = new Set(sources('lambda').flatMap((text) => [...text.matchAll(/code: '([A-Z]+(?:_[A-Z]+)+)'|new (?:Request|Feedback)?Error\(\s*\d+,\s*'([A-Z_]+)'/g)].map(([, one, other]) => one ?? other)));
    expect([...codes].filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});
