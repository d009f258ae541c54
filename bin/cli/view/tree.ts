import type { Line } from './line';

export interface Branch {
  readonly line: Line;
  readonly children?: readonly Branch[];
}

export function renderTree({ line, children = [] }: Branch): string {
  return [line.text, ...limbs(children)].join('\n');
}

function limbs(children: readonly Branch[]): string[] {
  return children.flatMap(({ line, children: below = [] }, index) => {
    const last = index === children.length - 1;
    return [`${last ? '└─' : '├─'} ${line.text}`, ...limbs(below).map((text) => `${last ? '  ' : '│ '} ${text}`)];
  });
}
