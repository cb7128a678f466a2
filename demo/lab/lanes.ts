/** One way to store a session, as the page describes it. */
export interface Lane {
  readonly id: 'objects' | 'kv' | 'naive'
  readonly name: string
  /** The code of its handler for one increment. */
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

/** The outcome of a sign-out while a slower request was writing. */
export type Afterwards = 'dead' | 'resurrected' | 'missed'

/** The result of one lane in a run of the lab. */
export interface LaneReport {
  readonly lane: Lane['id']
  /** The number of increments that were sent, and that were acknowledged with 200. */
  readonly sent: number
  readonly acknowledged: number
  /** The count in the store afterwards. */
  readonly arrived: number
  /** How many of them ran at the same time. */
  readonly overlap: number
  /** The status of the slow request. */
  readonly slowStatus: number
  /** Whether the session's old cookie still works. `missed`: the slow request was over before the sign-out. */
  readonly afterwards: Afterwards
}

export const MAX_REQUESTS = 50
export const DEFAULT_REQUESTS = 20
