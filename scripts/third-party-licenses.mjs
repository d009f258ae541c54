import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences under which code may be passed on inside a package of Apache-2.0. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'Unlicense'];

/**
 * The licences of packages, each text once, with the packages that it covers before it.
 *
 * @param {string} root the folder of the checkout
 * @param {Iterable<string>} folders of packages in node_modules, relative to it
 * @returns {string}
 */
export function thirdPartyLicenses(root, folders) {
  const covered = new Map();
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    if (!PERMISSIVE.includes(license)) {
      throw new Error(`${name}@${version} is bundled under ${license ?? 'no licence'}; bundle only what is under ${PERMISSIVE.join(', ')}`);
    }
    const files = readdirSync(join(root, folder)).filter((entry) => /^(?:licen[cs]e|notice)/i.test(entry));
    const text =
      files
        .map((file) =>
          readFileSync(join(root, folder, file), 'utf8')
            .replace(/\r\n/g, '\n')
            .trim(),
        )
        .join('\n\n') || `Licensed under ${license}.`;
    covered.set(text, [...(covered.get(text) ?? []), `${name} ${version} (${license})`]);
  }
  return [...covered].map(([text, packages]) => `${packages.join('\n')}\n\n${text}\n`).join(`\n${'-'.repeat(80)}\n\n`);
}
