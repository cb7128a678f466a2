/** One or more secrets of at least 32 bytes each, newest first: the first signs, all verify. */
export type Secrets = readonly [string, ...string[]]
