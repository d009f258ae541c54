import type { FinishReason } from './finish-reason';

/** What is known of an answer that a model generated. */
export interface Generation {
  readonly tokensIn: number;
  readonly tokensOut: number;
  /** The model did not say one of them: there are {@link BYTES_PER_TOKEN} bytes in a token then. */
  readonly estimated: boolean;
  readonly finish: FinishReason;
  /** Milliseconds until the first token; undefined where the answer was not sent in parts. */
  readonly firstTokenMs?: number;
  /** Milliseconds from a token to the next; undefined where nothing came after the first part with tokens. */
  readonly perTokenMs?: number;
  /** Its words, without reasoning and calls of tools; undefined where nobody asked for them, or they are too many. */
  readonly text?: string;
  /** Whether it follows each of the schemas that its route asks for; undefined of an answer without words, as a call of a tool is. */
  readonly follows?: readonly (boolean | undefined)[];
}

/** About as many bytes of UTF-8 are a token, in English and with the tokenizers of today's models; other languages have more tokens. */
export const BYTES_PER_TOKEN = 4;

/** Tokens in so many bytes, where a model does not say. */
export function estimatedTokens(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}
