/** The libraries and versions of the columns. */
export const LIBRARIES: readonly (readonly [name: string, version: string])[] = [
  ['edge-session', 'Durable Objects'],
  ['iron-session', '9.0.1'],
  ['hono-sessions', '0.8.1'],
  ['@hono/session', '0.2.1'],
  ['rwsdk', '1.7.3'],
  ['React Router', '8.5.1, KV'],
  ['better-auth', '1.7.24'],
]

/** A row: the question, and the answer of each library; a bad answer begins with `!`. */
export type Row = readonly [question: string, ...answers: string[]]

export const ROWS: readonly Row[] = [
  [
    'Session data is in',
    'Durable Object, KV, Redis, memcached',
    'the cookie',
    'KV',
    'KV',
    'your Durable Object',
    'KV',
    'KV, D1',
  ],
  [
    'Two overlapping writes',
    'both kept',
    '!one lost',
    '!one lost',
    '!one lost',
    '!one lost',
    '!one lost',
    '!its list of sessions loses entries',
  ],
  [
    'Sign-out during a slow request',
    'stays signed out',
    '!undone',
    '!undone',
    '!undone',
    '!undone',
    '!undone',
    '!undone by an update of the profile',
  ],
  [
    'List and end a user’s sessions',
    'yes',
    'no',
    'no',
    'no',
    'no',
    'no',
    'yes; its list can lose entries',
  ],
  ['Store calls of an anonymous page', '0', '0', '2 writes', '0, later 1 read', '0', '0', '0'],
  ['Set-Cookie on every read', 'no', 'no', 'yes', 'for anonymous visitors', 'no', 'no', 'no'],
  ['Key rotation', 'yes', 'yes', 'no', 'no', 'no', 'yes', 'no'],
  [
    'Minified and gzipped',
    'about 25 kB',
    '6.2 kB',
    '6.5 kB',
    '12.1 kB',
    '1.3 kB',
    '3.4 kB',
    '142 kB',
  ],
]
