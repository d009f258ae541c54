import type { Platform } from './platform';
import type { NamedRequirement } from './requirements';
import { run } from './run';
import { pythons } from './tools';

/** Which of some requirements count on a platform, by their markers; all, where there is no Python with pip to ask. */
export function requirementsOn({ python, machine }: Platform, requirements: readonly NamedRequirement[]): string[] {
  const markers = requirements.map(({ marker = '' }) => marker);
  const counts = markers.some((marker) => marker !== '') ? evaluate(markers, python, machine) : undefined;
  return requirements.filter((_, i) => counts?.[i] ?? true).map(({ requirement }) => requirement);
}

function evaluate(markers: readonly string[], version: string, machine: string): boolean[] | undefined {
  for (const { command } of pythons(version)) {
    const { ok, output } = run([...command, '-c', EVALUATE, version, machine], {
      input: JSON.stringify(markers),
      env: { PYTHONUTF8: '1' },
    });
    if (ok) {
      return JSON.parse(output) as boolean[];
    }
  }
  return undefined;
}

/**
 * Lambda's patch release is not known here: a marker counts if it does for any. What cannot be read counts, and fails when it is installed.
 */
const EVALUATE = `
import json, sys
from pip._vendor.packaging.markers import Marker
version, machine = sys.argv[1:]
target = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine, "python_version": version,
          "implementation_name": "cpython", "platform_python_implementation": "CPython", "extra": ""}
def counts(text):
    try:
        return text == "" or any(Marker(text).evaluate({**target, "python_full_version": full, "implementation_version": full}) for full in (version + ".0", version + ".99"))
    except ValueError:
        return True
print(json.dumps([counts(text) for text in json.load(sys.stdin)]))
`;
