/** What is served and loaded: a Worker's source, and which of its paths do which work. */
export interface Contender {
  readonly name: string
  readonly source: string
  /** The path for each work that it does; `create` makes a session. */
  readonly paths: Partial<Record<Work, string>> & { readonly create?: string }
  /** Its code, if it was built already; `source` is only its name then. */
  readonly code?: string
  /** Makes a session, where no path of a GET request does. Returns its Cookie header. */
  readonly newCookie?: (port: number) => Promise<string>
}

export type Work =
  | 'anonymous'
  | 'read'
  | 'write'
  | 'increment, one session'
  | 'read, cached'
  | 'read, KV'
  | 'write, KV'

/** The works, in the order in which they are measured. */
export const WORKS: readonly Work[] = [
  'anonymous',
  'read',
  'write',
  'increment, one session',
  'read, cached',
  'read, KV',
  'write, KV',
]

/** Works that all connections do on one session. */
export const HOT: ReadonlySet<Work> = new Set(['increment, one session'])

const FLOOR = {
  create: '/create',
  anonymous: '/anonymous',
  read: '/read',
  write: '/write',
  'increment, one session': '/increment',
  // A read with no call at all is the verification of a token.
  'read, cached': '/verify',
  'read, KV': '/kv-read',
  'write, KV': '/kv-write',
} as const

/** What peers do with sessions in objects, and in KV; beside a cached read stands the read that they have. */
const OBJECTS = {
  create: '/create',
  anonymous: '/anonymous',
  read: '/read',
  write: '/write',
  'increment, one session': '/write',
  'read, cached': '/read',
} as const
const KV = {
  create: '/create',
  anonymous: '/anonymous',
  'read, cached': '/read',
  'read, KV': '/read',
  'write, KV': '/write',
} as const

/** The floor comes first, and once more at the end: how far the two differ is the noise. */
export const CONTENDERS: readonly Contender[] = [
  { name: 'floor', source: 'floor.mjs', paths: FLOOR },
  {
    name: 'edge-session, objects',
    source: 'ours.ts',
    paths: {
      create: '/create',
      anonymous: '/anonymous',
      read: '/read',
      write: '/write',
      'increment, one session': '/increment',
    },
  },
  {
    name: 'edge-session, read cache',
    source: 'ours.ts',
    paths: { create: '/cached/create', write: '/cached/write', 'read, cached': '/cached/read' },
  },
  {
    name: 'edge-session, KV',
    source: 'ours.ts',
    paths: { create: '/kv/create', 'read, KV': '/kv/read', 'write, KV': '/kv/write' },
  },
  { name: 'rwsdk, objects', source: 'rwsdk.mjs', paths: OBJECTS },
  { name: 'React Router, KV', source: 'react-router.mjs', paths: KV },
  { name: '@hono/session, KV', source: 'hono-session.mjs', paths: KV },
  { name: 'hono-sessions, KV', source: 'hono-sessions.mjs', paths: KV },
  { name: 'floor again', source: 'floor.mjs', paths: FLOOR },
]
