import type { LambdaClient } from '@aws-sdk/client-lambda';
import { readBetter, betterIn, type JudgeEvent } from '../../lib/core/comparison/judge';
import { judgeChat, wordsOf } from '../../lib/core/comparison/judge-chat';
import { comparisonError } from '../../lib/core/comparison/outcome';
import type { JudgedBy, JudgePlan, ModelJudge } from '../../lib/core/comparison/plan';
import { GenerationReader } from '../../lib/core/generation/read-generation';
import { askFunction } from '../shared/ask-function';
import type { Outcome } from '../shared/http/outcome';
import { readJson } from '../shared/http/read-json';
import type { Judge } from './judge';

/** Words of a judge that are looked into, bytes. */
const MOST_WORDS = 65_536;
/** Templates of chats put a few tokens around each message. */
const TEMPLATE_TOKENS = 64;

/** Sends a chat completion to a model. Never rejects. */
export type AskModel = (by: ModelJudge, body: Uint8Array, signal: AbortSignal) => Promise<Outcome>;

/** The judge of a plan. */
export function judgeOf(plan: JudgePlan, lambda: Pick<LambdaClient, 'send'>, askModel: AskModel): Judge {
  const { by, timeoutMs } = plan;
  return by.kind === 'function' ? functionJudge(by, timeoutMs, lambda) : modelJudge(by, timeoutMs, askModel);
}

function functionJudge(
  { functionArn }: Extract<JudgedBy, { kind: 'function' }>, timeoutMs: number, lambda: Pick<LambdaClient, 'send'>,
): Judge {
  return {
    shown: (pair) => pair,
    mostTokens: () => 0,
    ask: async (event) => {
      const answer = await askFunction(lambda, { functionArn, timeoutMs }, event);
      return typeof answer === 'string' ? { better: readBetter(answer) } : { failed: answer };
    },
  };
}

function modelJudge(by: ModelJudge, timeoutMs: number, askModel: AskModel): Judge {
  const bodyOf = (event: JudgeEvent): Buffer => Buffer.from(JSON.stringify(judgeChat(event, by.kind === 'alias' ? by.alias : 'judge', by)));
  return {
    shown: ({ production, shadow, ...rest }) => ({ production: wordsOf(production), shadow: wordsOf(shadow), ...rest }),
    // No tokenizer makes more tokens of a text than it has bytes.
    mostTokens: (event) => bodyOf(event).byteLength + TEMPLATE_TOKENS + by.maximumAnswerTokens,
    ask: async (event) => {
      if (event.isBase64Encoded) {
        return { failed: comparisonError('the answers or the request are not text, which is all that a model judges'), tokens: 0 };
      }
      const body = bodyOf(event);
      const outcome = await askModel(by, body, AbortSignal.timeout(timeoutMs));
      if (outcome.kind === 'failure') {
        return { failed: comparisonError(`the judge: ${outcome.code}`) };
      }
      if (outcome.status >= 400) {
        return { failed: comparisonError(`the judge: status ${outcome.status}`) };
      }
      const reader = new GenerationReader(undefined, body.byteLength, MOST_WORDS);
      reader.whole(readJson(outcome.body), outcome.body);
      const { text = '', tokensIn, tokensOut, estimated } = reader.end();
      return { better: betterIn(text), ...(estimated ? {} : { tokens: tokensIn + tokensOut }) };
    },
  };
}
