import { isDictionary } from '../../record/meta.ts'
import type { ListedSession, SessionLimit, Which } from './user-list.ts'

/** The part that all calls have. Times and durations are milliseconds, by the caller's clock. */
export interface Asked {
  readonly userId: string
  readonly now: number
  /** The timeouts in force. Absent from callers of the previous version: then those of a session's last use count. */
  readonly idle?: number | undefined
  readonly absolute?: number | undefined
  /** True if the caller reports the use of sessions in KV by `use`. */
  readonly notesUse?: boolean | undefined
}

/** Puts a session on the list. Callers of the previous version also send it to reserve a place. */
export interface Add {
  readonly method: 'add'
  readonly session: ListedSession
  readonly limit?: SessionLimit | undefined
  /** False for a session that has a new token or address. Absent from callers of the previous version. */
  readonly isSignIn?: boolean | undefined
  /** The id under which the place was reserved, if it is another one. */
  readonly reservation?: string | undefined
}

export interface Reserve {
  readonly method: 'reserve'
  readonly id: string
  readonly limit: SessionLimit
}

/** A call to a user's object, as JSON. */
export type UserCall = Asked &
  (
    | Add
    | Reserve
    | { readonly method: 'release' | 'use' | 'remove'; readonly id: string }
    | { readonly method: 'list'; readonly after: string }
    | { readonly method: 'revoke'; readonly which: Selection }
    | { readonly method: 'goOn' }
  )

/** The sessions to end. Callers of the previous version send no kind. */
export type Selection =
  | Which
  | { readonly kind?: undefined; readonly only?: string; readonly except?: string }

/** A page of the list, in order of ids. `next` is the id that the next page begins after, if there is one. */
export interface ListPage {
  readonly sessions: readonly ListedSession[]
  readonly next?: string | undefined
}

type Fields = Readonly<Record<string, unknown>>

const CHECKS = new Map<unknown, (call: Fields) => boolean>([
  [
    'add',
    ({ session, limit, reservation = '' }) =>
      isSession(session) && isText(reservation) && (limit === undefined || isLimit(limit)),
  ],
  ['reserve', ({ id, limit }) => isText(id) && isLimit(limit)],
  ['release', hasId],
  ['use', hasId],
  ['remove', hasId],
  ['list', ({ after }) => isText(after)],
  ['revoke', ({ which }) => isDictionary(which) && selected(which) !== undefined],
  ['goOn', () => true],
])

/**
 * Returns the call of a JSON text. Throws a `TypeError` for one that is incomplete or unknown: JSON drops `undefined`
 * and turns `NaN` into `null`, and what is missing must not change the meaning.
 */
export function parseCall(text: string): UserCall {
  const call = JSON.parse(text) as Fields
  const { method, userId, now, idle = 0, absolute = 0 } = call
  const isWhole = isText(userId) && [now, idle, absolute].every(Number.isFinite)
  if (isWhole && CHECKS.get(method)?.(call) === true) return call as unknown as UserCall
  throw new TypeError(`UserObject does not know this call: ${String(method)}. Nothing was done.`)
}

/** Returns the test for the ids of the sessions to end, or `undefined` for an unknown selection. */
export function selected(which: Selection | Fields): ((id: string) => boolean) | undefined {
  const { kind, only, except }: Fields = { ...which }
  // Without a kind, the fields tell it.
  const isKind = (name: string): boolean => kind === undefined || kind === name
  if (isText(only)) return except === undefined && isKind('one') ? (id) => id === only : undefined
  if (only !== undefined) return undefined
  if (isText(except)) return isKind('others') ? (id) => id !== except : undefined
  return except === undefined && isKind('all') ? () => true : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function hasId({ id }: Fields): boolean {
  return isText(id)
}

function isSession(session: unknown): boolean {
  if (!isDictionary(session)) return false
  const { id, address, createdAt, expiresAt, usedAt } = session
  return isText(id) && isText(address) && [createdAt, expiresAt, usedAt].every(Number.isFinite)
}

function isLimit(limit: unknown): boolean {
  if (!isDictionary(limit)) return false
  const { max, whenFull } = limit
  return Number.isInteger(max) && (whenFull === 'refuse' || whenFull === 'end-oldest')
}
