import { App, Stack } from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { handWritten } from '../../benchmarks/synth/hand-written';
import { withConstructs } from '../../benchmarks/synth/with-constructs';

test.each([1, 3])('what %i hand-written endpoints are measured with are the resources that ours have', (endpoints) => {
  const [written, ours] = [handWritten, withConstructs].map((define) => {
    const stack = new Stack(new App(), 'Stack');
    define(stack, endpoints);
    const resources = Object.values(Template.fromStack(stack).toJSON().Resources as { [id: string]: { Type: string } });
    return resources.map(({ Type: type }) => type).sort();
  });
  expect(written).toEqual(ours);
});
