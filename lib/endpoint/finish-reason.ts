/** Why a generative model ended an answer, whatever its maker calls it. */
export enum FinishReason {
  /** It had said what it wanted to, or met a stop sequence. */
  STOP = 'STOP',
  /** It had as many tokens as it was given, or as its context has room for: the answer is cut off. */
  LENGTH = 'LENGTH',
  /** It wants a tool called. */
  TOOL = 'TOOL',
  /** It refused, or a filter stopped it. */
  FILTER = 'FILTER',
  /** Anything else, and answers that end without a reason. */
  OTHER = 'OTHER',
}
