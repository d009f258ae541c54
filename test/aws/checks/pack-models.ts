import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the check's models are. */
export const FOLDER = join(__dirname, '../../../.cache/aws-check');

/** Artifacts for SageMaker's scikit-learn image whose model only says its version: v1 to v3. */
export function packModels(): void {
  for (const version of ['v1', 'v2', 'v3']) {
    const folder = join(FOLDER, version);
    mkdirSync(join(folder, 'code'), { recursive: true });
    writeFileSync(join(folder, 'code', 'inference.py'), [
      'import json',
      'def model_fn(directory): return "' + version + '"',
      'def input_fn(body, content_type): return body',
      'def predict_fn(body, model): return {"version": model}',
      'def output_fn(result, accept): return json.dumps(result), "application/json"',
      '',
    ].join('\n'));
    const { status, stderr } = spawnSync('tar', ['-czf', join(FOLDER, `${version}.tar.gz`), '-C', folder, 'code'], { encoding: 'utf8' });
    if (status !== 0) {
      throw new Error(`the artifact of ${version} could not be packed: ${stderr}`);
    }
  }
}
