import { type LookedAfter, UNATTENDED } from './backend';

/** Bedrock keeps the models' capacity itself; whether the version can be asked tells the router's probe. */
export const BEDROCK: LookedAfter = UNATTENDED;
