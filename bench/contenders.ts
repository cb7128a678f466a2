/** What is served and loaded: a Worker's source, and which of its paths do which work. */
export interface Contender {
  readonly name: string
  readonly source: string
  /** The path for each work that it does; `create` makes a session. */
  readonly paths: Partial<Record<Work, string>> & { readonly create?: string }
}

export type Work = 'anonymous' | 'read' | 'write' | 'kv read' | 'kv write'

/** The works, in the order in which they are measured. */
export const WORKS: readonly Work[] = ['anonymous', 'read', 'write', 'kv read', 'kv write']

const FLOOR = {
  create: '/create',
  anonymous: '/anonymous',
  read: '/read',
  write: '/write',
  'kv read': '/kv-read',
  'kv write': '/kv-write',
} as const

/** The floor comes first, and once more at the end: how far the two differ is the noise. */
export const CONTENDERS: readonly Contender[] = [
  { name: 'floor', source: 'floor.mjs', paths: FLOOR },
  {
    name: 'edge-session, objects',
    source: 'ours.ts',
    paths: { create: '/create', anonymous: '/anonymous', read: '/read', write: '/write' },
  },
  {
    name: 'edge-session, KV',
    source: 'ours.ts',
    paths: { create: '/kv/create', 'kv read': '/kv/read', 'kv write': '/kv/write' },
  },
  {
    name: 'rwsdk, objects',
    source: 'rwsdk.mjs',
    paths: { create: '/create', anonymous: '/anonymous', read: '/read', write: '/write' },
  },
  {
    name: 'React Router, KV',
    source: 'react-router.mjs',
    paths: { create: '/create', anonymous: '/anonymous', 'kv read': '/read', 'kv write': '/write' },
  },
  {
    name: '@hono/session, KV',
    source: 'hono-session.mjs',
    paths: { create: '/create', anonymous: '/anonymous', 'kv read': '/read', 'kv write': '/write' },
  },
  {
    name: 'hono-sessions, KV',
    source: 'hono-sessions.mjs',
    paths: { create: '/create', anonymous: '/anonymous', 'kv read': '/read', 'kv write': '/write' },
  },
  { name: 'floor again', source: 'floor.mjs', paths: FLOOR },
]
