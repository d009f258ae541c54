import { S3Client } from '@aws-sdk/client-s3';
import { emptyBucket } from '../../../lambda/empty-bucket/empty-bucket';
import { takeFrom } from '../../../lambda/mirror/bodies';
import { serveS3 } from '../../fixtures/s3-server';

let s3: Awaited<ReturnType<typeof serveS3>>;
let client: S3Client;

beforeEach(async () => {
  s3 = await serveS3();
  client = new S3Client({
    endpoint: s3.url, forcePathStyle: true, region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' }, maxAttempts: 1,
  });
});

afterEach(async () => {
  client.destroy();
  await s3.close();
});

test('an object is taken once', async () => {
  s3.objects.set('bodies/1', Buffer.from([0, 255, 10]));
  const left: string[] = [];
  const take = takeFrom(client, 'bodies-of-a', (key) => left.push(key));
  expect([...(await take('bodies/1'))]).toEqual([0, 255, 10]);
  expect(s3.objects.size).toBe(0);
  await expect(take('bodies/1')).rejects.toMatchObject({ name: 'NoSuchKey' });
  expect(left).toEqual([]);
});

test('fails to delete an object: it is used all the same, and named', async () => {
  s3.objects.set('bodies/1', Buffer.from('x'));
  s3.refuse.add('DELETE');
  const left: string[] = [];
  expect(await takeFrom(client, 'bodies-of-a', (key) => left.push(key))('bodies/1')).toHaveLength(1);
  expect(left).toEqual(['bodies/1']);
});

test('a bucket is emptied, page by page', async () => {
  for (let i = 0; i < 5; i++) {
    s3.objects.set(`bodies/${i}`, Buffer.from('x'));
  }
  await emptyBucket(client, 'bodies-of-a', () => 900_000);
  expect(s3.objects.size).toBe(0);
});

test('a bucket that is gone is empty', () => expect(emptyBucket(client, 'gone', () => 900_000)).resolves.toBeUndefined());

test('fails to empty a bucket that it may not list', async () => {
  s3.refuse.add('GET');
  await expect(emptyBucket(client, 'bodies-of-a', () => 900_000)).rejects.toMatchObject({ name: 'AccessDenied' });
});
