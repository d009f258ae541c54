/** What a registry has, or the way to find it there, for the verb `registry`. */
export interface Registered<Pin> {
  /** How the command's document and its errors name it. */
  readonly kind: 'package' | 'model';
  /** Where the app's context keeps it. */
  readonly key: string;
  /** What the registry has for what was asked, by its id: an ARN, a number. */
  readonly newest: string;
  /** What the context has, as it is kept there; undefined where somebody has made something else of it. */
  read(kept: unknown): Pin | undefined;
  id(pin: Pin): string;
  /** As the registry has it now. */
  describe(id: string): Promise<Pin>;
  /** Why it must not reach users, or nothing. */
  refusal(pin: Pin): string | undefined;
  /** For people. */
  lines(pin: Pin): readonly string[];
}
