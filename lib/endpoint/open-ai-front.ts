import type * as apigateway from 'aws-cdk-lib/aws-apigateway';
import { OPEN_AI_ROOT, OpenAiPath } from '../core/open-ai';
import type { EndpointAuth } from './endpoint-auth';

/** The endpoint in OpenAI's shape. */
export interface OpenAiFront {
  /**
   * Who may call it. `EndpointAuth.bearerKeys` is what clients of OpenAI's shape are made for.
   *
   * @default - as the endpoint
   */
  readonly auth?: EndpointAuth;
}

/** What the front has, and by which method each is called. */
export const OPEN_AI_METHODS: readonly { readonly path: string; readonly method: 'GET' | 'POST' }[] = [
  { path: OpenAiPath.CHAT, method: 'POST' },
  { path: OpenAiPath.EMBEDDINGS, method: 'POST' },
  { path: OpenAiPath.MODELS, method: 'GET' },
  { path: `${OpenAiPath.MODELS}/{model}`, method: 'GET' },
];

/** Why an alias cannot have a name beside the front, or nothing. */
export function reservedByFront(front: OpenAiFront | undefined, name: string): string[] {
  return front !== undefined && name === OPEN_AI_ROOT
    ? [`alias ${JSON.stringify(name)} is the path of openAi; choose another name`]
    : [];
}

/** Why the front has no place in an API, or nothing. */
export function frontProblems(front: OpenAiFront | undefined, base: apigateway.IResource | undefined): string[] {
  return front !== undefined && base?.getResource(OPEN_AI_ROOT) !== undefined
    ? [`openAi is set, but the API has the path ${JSON.stringify(OPEN_AI_ROOT)} there already; set another path`]
    : [];
}
