// A function that is allowed to count in a table and nothing else, and the handle of a wait condition.
import { AttributeType, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { App, CfnOutput, CfnWaitConditionHandle, Stack } from 'aws-cdk-lib/core';

const CODE = `
const { DynamoDBClient, UpdateItemCommand, ScanCommand } = require('@aws-sdk/client-dynamodb');
const client = new DynamoDBClient({});
const TableName = process.env.TABLE;
let ticks = 0;
setInterval(() => ticks++, 100).unref();
exports.handler = async ({ count, scan }) => {
  if (count) await client.send(new UpdateItemCommand({
    TableName, Key: { id: { S: 'events' } }, UpdateExpression: 'ADD #n :one', ExpressionAttributeNames: { '#n': 'n' }, ExpressionAttributeValues: { ':one': { N: '1' } },
  }));
  if (scan) await client.send(new ScanCommand({ TableName }));
  return { ticks };
};`;

const stack = new Stack(new App(), 'Teeth', { env: { account: process.env.CDK_DEFAULT_ACCOUNT, region: process.env.CDK_DEFAULT_REGION } });
const table = new TableV2(stack, 'Table', { partitionKey: { name: 'id', type: AttributeType.STRING } });
const counter = new LambdaFunction(stack, 'Function', { code: Code.fromInline(CODE), handler: 'index.handler', runtime: Runtime.NODEJS_22_X, environment: { TABLE: table.tableName } });
table.grant(counter, 'dynamodb:UpdateItem');
new CfnOutput(stack, 'FunctionName', { value: counter.functionName });
new CfnOutput(stack, 'TableName', { value: table.tableName });
new CfnOutput(stack, 'Address', { value: new CfnWaitConditionHandle(stack, 'Handle').ref });
