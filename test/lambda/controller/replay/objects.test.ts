import { S3Objects, TooLargeError } from '../../../../lambda/controller/replay/objects';
import { serveS3 } from '../../../fixtures/s3-server';

let server: Awaited<ReturnType<typeof serveS3>>;
const before = { ...process.env };

beforeAll(async () => {
  server = await serveS3();
  Object.assign(process.env, { AWS_ENDPOINT_URL: server.url, AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' });
  for (let index = 0; index < 5; index++) {
    server.objects.set(`records/day=1/${index}`, Buffer.alloc(10 * (index + 1)));
  }
  server.objects.set('golden.jsonl', Buffer.from('{"request":1}'));
});
afterAll(async () => {
  process.env = before;
  await server.close();
});

test('an object is read, unless it is larger than there is room for, or not there', async () => {
  const objects = new S3Objects();
  expect(Buffer.from(await objects.read('bodies-of-a', 'golden.jsonl', 100)).toString()).toBe('{"request":1}');
  await expect(objects.read('bodies-of-a', 'golden.jsonl', 5)).rejects.toEqual(new TooLargeError(13));
  await expect(objects.read('bodies-of-a', 'missing', 5)).rejects.toMatchObject({ name: 'NoSuchKey' });
});

test('all pages of a list are read', async () => {
  const objects = new S3Objects();
  expect((await objects.list('bodies-of-a', 'records/day=1/')).map(({ key, bytes }) => [key, bytes])).toEqual([0, 1, 2, 3, 4].map((index) => [`records/day=1/${index}`, 10 * (index + 1)]));
});
