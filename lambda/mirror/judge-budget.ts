import { type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { BudgetAttribute } from '../../lib/core/names';

/** What may be spent on judging in a day (UTC). */
export interface JudgeLimits {
  readonly pairs: number;
  /** Absent: nobody counts tokens. */
  readonly tokens?: number;
}

/** Room that was taken for a pair. */
export interface JudgeRoom {
  readonly day: number;
  readonly tokens: number;
}

/** Why there is no room. */
export type NoRoom = 'pairs' | 'tokens' | 'table';

const DAY_MS = 86_400_000;
const KEPT_SECONDS = 2 * 86_400;

/**
 * Bounds what is asked of a judge in a day, over all instances of the function. Tokens are taken before anything is asked, as many as there
 * can be, and what was not used is given back: so a bound is never exceeded, however many ask at once and whoever dies in between.
 */
export class JudgeBudget {
  constructor(
    private readonly client: Pick<DynamoDBClient, 'send'>,
    private readonly table: string,
    private readonly limits: JudgeLimits,
    private readonly now: () => number = Date.now,
  ) {}

  /** Take room for a pair and so many tokens. Without an answer of the table there is none: an unknown number is no bound. */
  async take(tokens: number): Promise<JudgeRoom | NoRoom> {
    const day = Math.floor(this.now() / DAY_MS);
    const { pairs, tokens: most } = this.limits;
    const asked = most === undefined ? 0 : tokens;
    if (most !== undefined && asked > most) {
      return 'tokens';
    }
    try {
      await this.client.send(new UpdateItemCommand({
        ...this.keyOf(day),
        UpdateExpression: 'ADD #n :one, #t :tokens SET #e = :e',
        ConditionExpression: '(attribute_not_exists(#n) OR #n < :pairs) AND (attribute_not_exists(#t) OR #t <= :room)',
        ExpressionAttributeNames: { '#n': BudgetAttribute.REQUESTS, '#t': BudgetAttribute.TOKENS, '#e': BudgetAttribute.EXPIRES },
        ExpressionAttributeValues: {
          ':one': { N: '1' },
          ':tokens': { N: String(asked) },
          ':pairs': { N: String(pairs) },
          ':room': { N: String((most ?? 0) - asked) },
          ':e': { N: String((day * DAY_MS) / 1_000 + KEPT_SECONDS) },
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }));
      return { day, tokens: asked };
    } catch (error) {
      const { name, Item: item } = error as Error & { readonly Item?: { readonly [name: string]: { readonly N?: string } } };
      if (name !== 'ConditionalCheckFailedException') {
        return 'table';
      }
      return Number(item?.[BudgetAttribute.REQUESTS]?.N) >= pairs ? 'pairs' : 'tokens';
    }
  }

  /** Give back what was taken and not used. What cannot be given back is gone for the day. */
  async giveBack({ day, tokens }: JudgeRoom, used: number): Promise<void> {
    const left = tokens - used;
    if (left !== 0) {
      await this.client.send(new UpdateItemCommand({
        ...this.keyOf(day),
        UpdateExpression: 'ADD #t :left',
        ExpressionAttributeNames: { '#t': BudgetAttribute.TOKENS },
        ExpressionAttributeValues: { ':left': { N: String(-left) } },
      })).catch(() => undefined);
    }
  }

  /** Days are counted beside minutes, under numbers that no minute has. */
  private keyOf(day: number): { readonly TableName: string; readonly Key: { readonly [name: string]: { readonly N: string } } } {
    return { TableName: this.table, Key: { [BudgetAttribute.MINUTE]: { N: String(-day) } } };
  }
}
