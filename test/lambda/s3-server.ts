import { serveHttp } from './fixtures';

/** Objects by key, on a loopback server that speaks as much of S3's protocol as the handlers use, with small pages. */
export async function serveS3(pageSize = 2): Promise<{ url: string; objects: Map<string, Buffer>; close: () => Promise<void>; refuse: Set<string> }> {
  const objects = new Map<string, Buffer>();
  /** Methods that are refused. */
  const refuse = new Set<string>();
  const error = (code: string): string => `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
  const server = await serveHttp((request, body, response) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://s3');
    const [, bucket, ...rest] = decodeURIComponent(pathname).split('/');
    const key = rest.join('/');
    const xml = (status: number, text: string): void => void response.writeHead(status, { 'content-type': 'application/xml' }).end(text);
    if (refuse.has(request.method!)) {
      xml(403, error('AccessDenied'));
    } else if (bucket !== 'bodies-of-a') {
      xml(404, error('NoSuchBucket'));
    } else if (request.method === 'PUT') {
      objects.set(key, body);
      response.writeHead(200).end();
    } else if (request.method === 'DELETE') {
      objects.delete(key);
      response.writeHead(204).end();
    } else if (request.method === 'POST' && searchParams.has('delete')) {
      for (const [, name] of body.toString().matchAll(/<Key>([^<]+)<\/Key>/g)) {
        objects.delete(name);
      }
      xml(200, '<?xml version="1.0"?><DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></DeleteResult>');
    } else if (key === '') {
      const page = [...objects.keys()].slice(0, pageSize).map((name) => `<Contents><Key>${name}</Key></Contents>`).join('');
      xml(200, `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${page}</ListBucketResult>`);
    } else if (objects.has(key)) {
      response.writeHead(200).end(objects.get(key));
    } else {
      xml(404, error('NoSuchKey'));
    }
  });
  return { ...server, objects, refuse };
}
