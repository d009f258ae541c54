import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { serveHttp } from '../../fixtures/serving';
import { serveS3 } from '../../fixtures/s3-server';

// The bundle that ships, in a process of its own, against loopback servers.

/** What CloudFormation is told when the resource gets a request. */
async function answered(requestType: 'Create' | 'Update' | 'Delete', s3Url: string, remainingMs = 900_000): Promise<unknown> {
  const told: unknown[] = [];
  const cloudFormation = await serveHttp((_, body, response) => {
    told.push(JSON.parse(body.toString()));
    response.writeHead(200).end();
  });
  const event = {
    RequestType: requestType, ResponseURL: cloudFormation.url, StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Empty',
    PhysicalResourceId: 'bodies-of-a', ResourceProperties: { Bucket: 'bodies-of-a' },
  };
  const script = `
    const { handler } = await import(${JSON.stringify(join(__dirname, '../../../assets/empty-bucket/index.mjs'))});
    await handler(${JSON.stringify(event)}, { getRemainingTimeInMillis: () => ${remainingMs} });
    process.exit(0);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: 'ignore',
    env: { PATH: process.env.PATH, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', AWS_ENDPOINT_URL: s3Url, AWS_MAX_ATTEMPTS: '1' },
  });
  await new Promise((resolve) => child.once('close', resolve));
  await cloudFormation.close();
  return told;
}

const answer = (status: string): object => ({ Status: status, PhysicalResourceId: 'bodies-of-a', StackId: 'stack', RequestId: 'request', LogicalResourceId: 'Empty' });

test.each([['Create', 1], ['Update', 1], ['Delete', 0]] as const)('%s leaves %d object', async (requestType, left) => {
  const s3 = await serveS3();
  s3.objects.set('bodies/1', Buffer.from('x'));
  expect(await answered(requestType, s3.url)).toMatchObject([answer('SUCCESS')]);
  expect(s3.objects.size).toBe(left);
  await s3.close();
});

test('fails to list the bucket: CloudFormation is told why', async () => {
  const s3 = await serveS3();
  s3.refuse.add('GET');
  expect(await answered('Delete', s3.url)).toMatchObject([{ ...answer('FAILED'), Reason: 'AccessDenied' }]);
  await s3.close();
});

test('has not the time for all of them: CloudFormation is told before the function is ended, and how to go on', async () => {
  const s3 = await serveS3();
  s3.objects.set('bodies/1', Buffer.from('x'));
  expect(await answered('Delete', s3.url, 20_000)).toMatchObject([{ ...answer('FAILED'), Reason: '0 objects of bucket bodies-of-a were deleted, and there are more; delete the stack again to go on' }]);
  await s3.close();
});
