import type { Construct } from 'constructs';
import { type Target, targetOf } from '../endpoint/target';
import type { Mistakes } from '../validate/mistakes';
import type { RolloutCourse } from './rollout-course';
import type { RolloutOptions } from './rollout-options';

/** The alias that a rollout moves, and the name of its preview, which is taken then. */
export function rolloutTarget(
  mistakes: Mistakes, scope: Construct, options: RolloutOptions, { previewAlias }: Pick<RolloutCourse, 'previewAlias'>,
): Target {
  const target = targetOf(mistakes, scope, options, 'a rollout');
  const { endpoint, declared, alias: { aliasName, versionsDeclared, hasRollout } } = target;
  const at = `alias ${JSON.stringify(aliasName)}`;
  if (declared && versionsDeclared.length > 1) {
    mistakes.add(
      `${at} splits its requests between ${versionsDeclared.length} variants for good, but a rollout moves one model; declare the alias `
        + 'with model',
    );
  } else if (hasRollout) {
    mistakes.add(`${at} has a rollout already, and two would pull at the same weights; attach one of them to another alias`);
  }
  mistakes.add(...(previewAlias === undefined ? [] : endpoint._reservePreview(previewAlias)));
  return target;
}
