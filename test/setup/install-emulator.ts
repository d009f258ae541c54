import { join } from 'node:path';
import { ensureVenv, installEmulator } from '../../scripts/emulator/emulator';

/** Once, before the workers start: two that install at the same time would do so into one folder. */
export default function install(): void {
  installEmulator(console.log);
  ensureVenv('clients', join(__dirname, '../e2e/http/requirements.txt'), console.log);
  ensureVenv('sagemaker-3', join(__dirname, '../e2e/http/sagemaker-3.txt'), console.log);
}
