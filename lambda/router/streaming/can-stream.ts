/** Whether this is Lambda's runtime; other code may have put something of that name there too. */
export const canStream = typeof (globalThis as { awslambda?: Partial<typeof awslambda> }).awslambda?.streamifyResponse === 'function';
