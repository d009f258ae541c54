/** Reads the members of a record; throws, with the place, where one is not what it is asked for. */
export interface MemberReader {
  text(name: string): string;
  /** Undefined where there is none. */
  optionalText(name: string): string | undefined;
  oneOf<T extends string>(name: string, values: readonly T[]): T;
  number(name: string, least: number): number;
  /** Texts by name. */
  optionalTexts(name: string): { readonly [name: string]: string } | undefined;
  /** Whatever JSON has by names. */
  members(name: string): { readonly [name: string]: unknown };
  optionalMember<T>(name: string, read: (member: MemberReader) => T): T | undefined;
}

/** What must be known everywhere of a kind of target, without asking AWS. */
export interface BackendFacts<T> {
  /** The version may have a time-out of its own that its user can lower; that of the others is a limit of the service. */
  readonly ownTimeout: boolean;
  /** It answers one request at a time in each of its environments, which start when requests come. */
  readonly startsWithRequests: boolean;

  /** Services of AWS that whoever calls it asks, as VPC endpoints have their names. */
  readonly services: readonly string[];

  /** A target as a record has it. */
  read(member: MemberReader): T;

  /** The target in a few words, for people. */
  describe(target: T): string;

  /** Whether a metric of AWS's own is about the target, by the values of its dimensions. */
  isMeasuredBy(target: T, dimension: (name: string) => string | undefined): boolean;

  /** It takes JSON and refuses everything else. */
  takesJsonOnly(target: T): boolean;

  /** The function that answers, where one does. */
  functionOf(target: T): string | undefined;

  /** By what its instances are known whose number may follow their load; undefined where no such instances are seen. */
  fleetOf(target: T): string | undefined;

  /** The same at another place, by a name: what was there before, or was started anew, as rehearsals have them. */
  elsewhere(target: T, place: string): T;
}
