import type { RecordAddress } from '../rollout/kept-evidence';
import type { EvidenceRecord } from './record';
import { endOf } from './seal';
import type { EvidenceBundle } from './verify';

/**
 * The bundle of a rollout from the objects of its folder, by key: what the seal names, and what that names. What two controllers wrote at
 * once and no record names is left out; where one is missing the bundle begins after it.
 *
 * @param head the last record, where there is no seal
 */
export function bundleOf(objects: ReadonlyMap<string, string>, sealKey: string, head?: RecordAddress): EvidenceBundle {
  const seal = objects.get(sealKey);
  const last = seal === undefined ? head : endOf(seal).head;
  const records: string[] = [];
  for (let named = last ?? null; named !== null;) {
    const text = objects.get(named.key);
    if (text === undefined || records.length > objects.size) {
      break;
    }
    records.unshift(text);
    named = (JSON.parse(text) as EvidenceRecord).previous;
  }
  return { schema: 1, ...(seal === undefined ? {} : { seal }), ...(seal === undefined && head !== undefined ? { head } : {}), records };
}
