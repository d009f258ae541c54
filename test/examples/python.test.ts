import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { App, type Stack } from 'aws-cdk-lib/core';
import { IrisStack } from '../../examples/iris/stack';
import { WebAppStack } from '../../examples/web-app/stack';

test.each<[string, (app: App) => Stack]>([
  ['iris', (app) => new IrisStack(app, 'Iris')],
  ['web-app', (app) => new WebAppStack(app, 'WebApp')],
])('the example %s synthesizes with pinned libraries that fit into a function', (_, define) => {
  const stack = define(new App());
  Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', { Runtime: 'python3.13' });
  Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('does not pin|handler of'));
});
