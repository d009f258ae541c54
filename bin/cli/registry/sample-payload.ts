import { gunzipSync } from 'node:zlib';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { keptRequests, type PinnedRequest } from '../../../lib/core/registry/pinned-request';
import { CALLING, type Connection } from '../aws/connection';
import { CliError, Exit } from '../exit';

const POLICY = "no construct: whoever looks packages up needs s3:GetObject on the package's sample payload";
/** An archive of requests has some kilobytes; what is larger is not unpacked. */
const MOST_BYTES = 33_554_432;
/** https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html, "ustar Interchange Format" */
const BLOCK = 512;
const TYPES: { readonly [extension: string]: string } = {
  json: 'application/json', jsonl: 'application/jsonlines', csv: 'text/csv', txt: 'text/plain', xml: 'application/xml',
};

/** A package's sample payload: an archive of requests, of which those are kept that are text. */
export class SamplePayload {
  private readonly s3: S3Client;

  constructor(private readonly connection: Connection) {
    this.s3 = new S3Client({ ...connection.options, ...CALLING, followRegionRedirects: true });
  }

  /** @param types media types that the package takes, the first that it prefers */
  async read(url: string, types: readonly string[]): Promise<readonly PinnedRequest[]> {
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(url) ?? [];
    if (bucket === undefined) {
      return [];
    }
    const bytes = await this.connection.call('s3:GetObject', POLICY, async () => {
      const { Body: body } = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return body!.transformToByteArray();
    });
    return keptRequests(filesOf(url, bytes).flatMap(({ name, content }) => {
      const body = textOf(content);
      return body === undefined ? [] : [{ name: `sample payload ${name}`, body, contentType: typeOf(name, types) }];
    }));
  }
}

interface File {
  readonly name: string;
  readonly content: Buffer;
}

/** Files of a tar archive, compressed with gzip, but for hidden ones, such as those that macOS adds. */
function filesOf(url: string, bytes: Uint8Array): File[] {
  let archive: Buffer;
  try {
    archive = gunzipSync(bytes, { maxOutputLength: MOST_BYTES });
  } catch (error) {
    throw new CliError(
      Exit.FAILED, 'PACKAGE_UNFIT',
      `the sample payload ${url} is no tar.gz of at most ${MOST_BYTES} bytes (${(error as Error).message}); register the package with one, `
        + 'or without',
    );
  }
  const files: File[] = [];
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0;) {
    const header = archive.subarray(at, at + BLOCK);
    const size = Number.parseInt(header.toString('latin1', 124, 136), 8) || 0;
    const name = textUntilZero(header.subarray(0, 100)).replace(/^\.\//, '');
    // '0' and, of old, a zero byte are files; the rest are folders, links and longer names.
    if (header[156] === 0x30 || header[156] === 0) {
      files.push({ name, content: archive.subarray(at + BLOCK, at + BLOCK + size) });
    }
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files.filter(({ name }) => !/(?:^|\/)\./.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
}

function textUntilZero(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}

/** Undefined where it is none: images travel in no smoke test. */
function textOf(content: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(content);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function typeOf(name: string, types: readonly string[]): string {
  const byName = TYPES[/\.(\w+)$/.exec(name)?.[1].toLowerCase() ?? ''];
  return byName !== undefined && (types.length === 0 || types.includes(byName)) ? byName : types[0] ?? 'application/json';
}
