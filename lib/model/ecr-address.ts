/** Some of these characters, or tokens as CDK writes them into a text. */
function some(characters: string): string {
  return String.raw`(?:\$\{Token\[[^\]]*\]\}|[${characters}])+`;
}

/**
 * An image in a private registry of Amazon ECR: `<account>.dkr.ecr.<region>.amazonaws.com/<repository>`, FIPS and dual-stack addresses too.
 */
const ADDRESS = new RegExp(
  String.raw`^(?<account>${some('\\d')})\.dkr[.-]ecr(?:-fips)?\.(?<region>${some('\\w-')})\.${some('\\w.-')}/` +
    String.raw`(?<repository>${some('\\w./-')})(?::${some('\\w.-')}|@sha256:${some('\\w')})?$`,
);

/** Where an image is in Amazon ECR. */
export interface EcrAddress {
  readonly account: string;
  readonly region: string;
  readonly repository: string;
}

/** The parts of an image's address in Amazon ECR; undefined where it is somewhere else, or a token as a whole. */
export function ecrAddress(imageUri: string): EcrAddress | undefined {
  return ADDRESS.exec(imageUri)?.groups as EcrAddress | undefined;
}
