import type * as kms from 'aws-cdk-lib/aws-kms';
import { Token } from 'aws-cdk-lib/core';

/** What a system prompt has beside its text. */
export interface BedrockSystemPromptOptions {
  /**
   * Names that stand in the text as `{{name}}`, and what stands there for a request that gives none. A request gives values as Converse
   * takes them: `"promptVariables": { "name": { "text": "…" } }`. Values become part of the system prompt, so whoever may call the
   * endpoint writes in it.
   *
   * @default - the text is sent as it is
   */
  readonly variables?: { readonly [name: string]: string };

  /**
   * Let Bedrock keep the prompt in a cache, where the model can: a cache point is put after it.
   *
   * @default false
   */
  readonly cache?: boolean;
}

/** How a prompt of Prompt Management is kept. */
export interface BedrockManagedPromptOptions {
  /**
   * The key that the prompt is encrypted with.
   *
   * @default - AWS's own
   */
  readonly encryptionKey?: kms.IKey;
}

const MANAGED = /^arn:[\w-]+:bedrock:[a-z0-9-]+:\d{12}:prompt\/[0-9a-zA-Z]{10}:[1-9]\d{0,4}$/;
const NAME = /^[\w-]{1,64}$/;

/** What a model is told before its callers say anything. A changed prompt is another version of the model. */
export class BedrockPrompt {
  /**
   * A system prompt, written in the app.
   *
   * @param text such as `You answer questions about {{product}}.`
   */
  public static system(text: string, options: BedrockSystemPromptOptions = {}): BedrockPrompt {
    return new BedrockPrompt({ text, variables: options.variables ?? {}, cache: options.cache ?? false });
  }

  /**
   * A version of a prompt in Bedrock's Prompt Management. It has text, model, inference parameters and tools itself; what callers give
   * of these is left out, their messages come after its own, and their `promptVariables` are its variables.
   *
   * @param arn such as `arn:aws:bedrock:eu-west-1:111111111111:prompt/ABCDEFGHIJ:3`; a draft changes in place, so it has no place here
   */
  public static managed(arn: string, options: BedrockManagedPromptOptions = {}): BedrockPrompt {
    return new BedrockPrompt(undefined, { arn, encryptionKey: options.encryptionKey });
  }

  private constructor(
    /** @internal */
    public readonly _system?: SystemPrompt,
    /** @internal */
    public readonly _managed?: ManagedPrompt,
  ) {}

  /** @internal */
  public _problems(): string[] {
    const { _system: system, _managed: managed } = this;
    if (managed !== undefined) {
      return Token.isUnresolved(managed.arn) || MANAGED.test(managed.arn)
        ? []
        : [
            `the prompt is ${JSON.stringify(managed.arn)}, but must be the ARN of a version, such as `
              + 'arn:aws:bedrock:eu-west-1:111111111111:prompt/ABCDEFGHIJ:3; create a version of it',
          ];
    }
    const { text, variables } = system!;
    const names = Object.keys(variables);
    return [
      ...(text === '' ? ['the system prompt is empty; leave it out, or say something'] : []),
      ...names.filter((name) => !NAME.test(name)).map((name) =>
        `the variable ${JSON.stringify(name)} of the system prompt may only have 1 to 64 letters, digits, underscores and hyphens; `
          + 'rename it'),
      ...names.filter((name) => NAME.test(name) && !new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`).test(text)).map((name) =>
        `the system prompt has no {{${name}}}, but a variable of that name; put it in, or leave the variable out`),
    ];
  }
}

/**
 * A prompt that the app has.
 *
 * @internal
 */
export interface SystemPrompt {
  readonly text: string;
  readonly variables: { readonly [name: string]: string };
  readonly cache: boolean;
}

/**
 * A prompt that Bedrock keeps.
 *
 * @internal
 */
export interface ManagedPrompt {
  readonly arn: string;
  readonly encryptionKey?: kms.IKey;
}
