import { isDictionary } from '../../record/meta.ts'
import type { ListedSession, SessionLimit, Which } from './user-list.ts'

/** The common part of all calls. Times and durations are in milliseconds, by the caller's clock. */
export interface Asked {
  readonly userId: string
  readonly now: number
  /** The timeouts in force. Absent in calls of the previous version: then those of a session's last use count. */
  readonly idle?: number | undefined
  readonly absolute?: number | undefined
  /** True if the caller reports uses of sessions in KV with `use`. */
  readonly notesUse?: boolean | undefined
}

/** Puts a session on the list. The previous version also sends it to reserve a place. */
export interface Add {
  readonly method: 'add'
  readonly session: ListedSession
  readonly limit?: SessionLimit | undefined
  /** False for a session that has only a new token or address. Absent in calls of the previous version. */
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

/** The sessions to end. The previous version sends no kind. */
export type Selection =
  | Which
  | { readonly kind?: undefined; readonly only?: string; readonly except?: string }

/** A page of the list, ordered by id. `next` is the id after which the next page begins, if there is one. */
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
 * Parses a call. Throws a `TypeError` for one that is incomplete or unknown: JSON drops `undefined` and turns `NaN`
 * into `null`, and a missing part must not change the meaning.
 */
export function parseCall(text: string): UserCall {
  const call = JSON.parse(text) as Fields
  const { method, userId, now, idle = 0, absolute = 0 } = call
  const isWhole = isText(userId) && [now, idle, absolute].every(Number.isFinite)
  if (isWhole && CHECKS.get(method)?.(call) === true) return call as unknown as UserCall
  throw new TypeError(`UserObject does not support this call: ${String(method)}. Nothing was done.`)
}

/** Returns the test for the ids of the sessions to end, or `undefined` for an unknown selection. */
export function selected(which: Selection | Fields): ((id: string) => boolean) | undefined {
  const { kind, only, except }: Fields = { ...which }
  // Without a kind, the fields decide.
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
