/** One way to keep a session, as the page tells of it. */
export interface Lane {
  readonly id: 'objects' | 'kv' | 'naive'
  readonly name: string
  /** What its handler does for one increment. */
  readonly code: string
  readonly about: string
}

export const LANES: readonly Lane[] = [
  {
    id: 'objects',
    name: 'Durable Object',
    code: "await work()\nawait session.increment('count')",
    about: 'The store does the arithmetic, one request after the other.',
  },
  {
    id: 'kv',
    name: 'Workers KV',
    code: "const count = await session.get('count')\nawait work()\nsession.set('count', count + 1)",
    about: 'KV has no atomic operation: increment() refuses there, so this reads and writes.',
  },
  {
    id: 'naive',
    name: 'Whole document, in a Durable Object',
    code: 'const session = await load(id)\nawait work()\nsession.count += 1\nawait save(id, session)',
    about: 'What many session middlewares do, in the same kind of storage as the first.',
  },
]

/** What became of a sign-out while a slower request was writing. */
export type Afterwards = 'dead' | 'resurrected' | 'missed'

/** What a run of the lab has found out of one lane. */
export interface LaneReport {
  readonly lane: Lane['id']
  /** Increments that were sent, and that were acknowledged with 200. */
  readonly sent: number
  readonly acknowledged: number
  /** What the store counts afterwards. */
  readonly arrived: number
  /** How many of them ran at the same time. */
  readonly overlap: number
  /** What the slow request was answered. */
  readonly slowStatus: number
  /** Whether the session's old cookie still opens it. `missed`: the slow request was over before the sign-out. */
  readonly afterwards: Afterwards
}

export const MAX_REQUESTS = 50
export const DEFAULT_REQUESTS = 20
