import type { DynamoDBClient} from '@aws-sdk/client-dynamodb';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { RouteAttribute, routeKey } from '../../../lib/core/names';
import { parseMemory, routeOf } from '../../../lib/core/routing/ownership';
import { parseRoute } from '../../../lib/core/routing/parse';
import type { Route } from '../../../lib/core/routing/route';

/** Where routes are read. Undefined: there is no such alias. */
export interface RouteStore {
  read(alias: string): Promise<Route | undefined>;
}

export class DynamoDbRouteStore implements RouteStore {
  constructor(
    private readonly client: Pick<DynamoDBClient, 'send'>,
    private readonly table: string,
    private readonly endpoint: string,
    private readonly functionName: string | undefined = process.env.AWS_LAMBDA_FUNCTION_NAME,
  ) {}

  async read(alias: string): Promise<Route | undefined> {
    const { Item: item } = await this.client.send(
      new GetItemCommand({ TableName: this.table, Key: { [RouteAttribute.KEY]: { S: routeKey(this.endpoint, alias) } } }),
    );
    if (item === undefined) {
      return undefined;
    }
    const memory = parseMemory(item[RouteAttribute.MEMORY]?.S);
    const json = routeOf(item[RouteAttribute.ROUTE]?.S ?? '', memory, this.functionName);
    const route = parseRoute(json, Number(item[RouteAttribute.REVISION]?.N));
    return memory?.sessionKeys === undefined ? route : { ...route, sessionKeys: memory.sessionKeys };
  }
}
