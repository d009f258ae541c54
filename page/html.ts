/** Markup that may be put into a page as it is. Made by {@link html} only, which escapes what it is given. */
export class Html {
  constructor(readonly markup: string) {}
}

export type Content = string | number | Html | undefined | false | readonly Content[];

/** Markup with values: what is not markup itself is escaped, lists are joined, and nothing stays nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((markup, part, index) => `${markup}${markupOf(values[index - 1])}${part}`));
}

function markupOf(value: Content): string {
  if (value === undefined || value === false) {
    return '';
  }
  if (value instanceof Html) {
    return value.markup;
  }
  return typeof value === 'object' ? value.map(markupOf).join('') : escaped(String(value));
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON for a script element, which nothing in it can end. */
export function data(id: string, value: unknown): Html {
  return new Html(`<script type="application/json" id="${id}">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`);
}
