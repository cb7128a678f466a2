import { SessionError } from '../errors.ts'
import type { FeatureSession } from '../request/feature.ts'
import type { Snapshot } from '../session/data.ts'
import { DATA, FLASH } from '../session/patch.ts'
import { nameOf } from '../session/session.ts'

/** The initial content of the new session, returned by an adoption's `load`. */
export interface Adopted<Data extends object> {
  /**
   * The dictionary. A value that the schema refuses is stored like one of an older deployment: it is passed to
   * `migrate`, and otherwise counts as absent.
   */
  readonly data?: Snapshot<Data>
  /** Messages for the visitor's next request, as with `flash`. */
  readonly flash?: Readonly<Record<string, unknown>>
  /** The signed-in user's id, as with `signIn`. Needs `accounts()` in `use`. */
  readonly userId?: string
  /** The details for `signIn`. */
  readonly details?: object
  /** The time of the last authentication. Default 1970, which means unknown, so `requireFresh` asks again. */
  readonly authenticatedAt?: Date
}

/**
 * Returns the stored form of the initial content. Values that the schema refuses are stored too: like those of an older
 * deployment, they are migrated or count as absent when read. Throws for a value that cannot be stored.
 */
export function textsOf(
  { dictionary }: FeatureSession,
  loaded: Adopted<object>,
): (readonly [name: string, text: string])[] {
  const { codec } = dictionary.port
  return entriesIn(loaded).map(
    ([space, key, value]) => [nameOf(key, space), codec.encode(key, value)] as const,
  )
}

/** Returns the keys of the values that cannot be stored. Empty if something else is wrong, such as the userId. */
export function unstorableIn(loaded: Adopted<object>, { dictionary }: FeatureSession): string[] {
  const { codec } = dictionary.port
  const hasNoText = (key: string, value: unknown): boolean => {
    try {
      codec.encode(nameOf(key, ''), value)
      return false
    } catch {
      return true
    }
  }
  try {
    return entriesIn(loaded).flatMap(([, key, value]) => (hasNoText(key, value) ? [key] : []))
  } catch {
    return []
  }
}

/** True for errors of content that cannot be stored. Any error that is not a `SessionError` counts as one. */
export function isUnstorable(error: unknown): boolean {
  if (!(error instanceof SessionError)) return true
  return ['ERR_VALUE', 'ERR_KEY', 'ERR_TOO_LARGE'].includes(error.code)
}

/** Returns the entries of data and messages. Throws a `TypeError` for anything but plain objects, such as a Map. */
function entriesIn(
  loaded: Adopted<object>,
): (readonly [space: string, key: string, value: unknown])[] {
  const parts = [
    [DATA, loaded.data],
    [FLASH, loaded.flash],
  ] as const
  const given: unknown[] = [loaded, ...parts.map(([, values]) => values ?? {})]
  if (!given.every(isDictionary)) throw new TypeError('not a dictionary')
  return parts.flatMap(([space, values]) =>
    Object.entries(values ?? {})
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [space, key, value] as const),
  )
}

function isDictionary(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value)
}
