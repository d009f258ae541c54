import { join } from 'node:path';

/** What of an artifact of a cloud assembly leads to the templates of the stacks that are nested in it. */
export interface WithAssets {
  readonly type?: string;
  readonly properties?: { readonly file?: string };
  readonly dependencies?: readonly string[];
}

/** Templates of nested stacks are assets of the stack that they are nested in: their files in the folder. */
export function nestedTemplates(
  folder: string,
  { dependencies = [] }: WithAssets,
  artifacts: { readonly [id: string]: WithAssets },
  readJson: (path: string) => unknown,
): string[] {
  return dependencies.flatMap((id) => {
    const { type, properties } = artifacts[id] ?? {};
    if (type !== 'cdk:asset-manifest' || properties?.file === undefined) {
      return [];
    }
    const { files = {} } = (readJson(join(folder, properties.file)) ?? {}) as { files?: { [id: string]: { source?: { path?: string } } } };
    return Object.values(files).flatMap(({ source }) => (source?.path?.endsWith('.nested.template.json') === true ? [source.path] : []));
  });
}
