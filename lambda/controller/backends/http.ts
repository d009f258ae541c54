import { type LookedAfter, UNATTENDED } from './backend';

/** Model servers that run elsewhere: whoever runs them looks after their capacity, and the router's probe tells whether they are well. */
export const HTTP: LookedAfter = UNATTENDED;
