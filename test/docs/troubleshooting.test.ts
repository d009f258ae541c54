import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const page = readFileSync(join(root, 'docs', 'troubleshooting.md'), 'utf8');

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
}

/** Ids of warnings, given whole or to a method that puts the prefix before them. */
function warnings(): string[] {
  return [...new Set(sources('lib').flatMap((text) =>
    [...text.matchAll(/['`]cdk-model-rollout:([a-z]\w+)['`]|\bthis\.warn\(\s*'(\w+)'/gi)].map(([, whole, short]) => whole ?? short)))].sort();
}

describe('docs/troubleshooting.md', () => {
  test('has a section for every warning, and none for a warning that is gone', () => {
    const from = page.indexOf('## Warnings at synthesis');
    const sections = [...page.slice(from, page.indexOf('\n## ', from + 1)).matchAll(/^### (\w+)$/gm)].map(([, id]) => id);
    expect(sections).toEqual([...warnings().filter((id) => id !== 'rehearsal')].sort());
    expect(sections.length).toBeGreaterThan(20);
  });

  test('has every code of a JSON error that callers can get', () => {
    const codes = new Set(sources('lambda').flatMap((text) => [...text.matchAll(/code: '([A-Z]+(?:_[A-Z]+)+)'|new (?:Request|Feedback)?Error\(\s*\d+,\s*'([A-Z_]+)'/g)].map(([, one, other]) => one ?? other)));
    expect([...codes].filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});
