import { stripVTControlCharacters, styleText } from 'node:util';

// Control characters, and the marks that reorder text: with them a record could move the cursor or pose as another line.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

/** Text from a record as it may be shown on a terminal: on one line, without control characters. */
export function clean(text: string): string {
  return stripVTControlCharacters(text).replace(UNSAFE, ' ');
}

/** JSON that may be shown on a terminal; JSON itself leaves some control characters as they are. */
export function toJson(document: object): string {
  return JSON.stringify(document, undefined, 2).replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) =>
    `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Text that may be shown as it is. Made by {@link line} and {@link Paint} only, which clean what they are given. */
export class Line {
  constructor(readonly text: string) {}
}

export function line(strings: TemplateStringsArray, ...values: (string | number | Line)[]): Line {
  return new Line(strings.reduce((text, part, index) => {
    const value = values[index - 1];
    return `${text}${value instanceof Line ? value.text : clean(String(value))}${part}`;
  }));
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

export type Paint = (style: Style, text: string) => Line;

export function painter(colors: boolean): Paint {
  return (style, text) => new Line(colors ? styleText(style, clean(text), { validateStream: false }) : clean(text));
}

