/** Where OpenAI's shape is, below the path of an endpoint: clients are told the address up to here. */
export const OPEN_AI_ROOT = 'v1';

/** What clients of that shape send requests to. */
export enum OpenAiPath {
  CHAT = 'chat/completions',
  EMBEDDINGS = 'embeddings',
  /** The aliases; one of them at a path below it. */
  MODELS = 'models',
}
