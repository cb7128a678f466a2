import { SessionError } from '../../errors.ts'
import { exportedNamespace } from '../../store/object/exported-namespace.ts'
import { withFreshStub } from '../../store/object/fresh-stub.ts'
import type { ItemObjectNamespace, ItemObjectStub } from './item-row.ts'

interface Id {
  toString(): string
}

/** The location of a driver's objects. */
interface Place {
  readonly namespace?: ItemObjectNamespace | (() => ItemObjectNamespace) | undefined
  readonly base?: string | undefined
}

/** The objects of one driver. */
export interface ItemCalls {
  readonly idOf: (kind: string, ...key: string[]) => Id
  /** Calls an object. Retries a call that only reads once, if it never arrived. */
  readonly call: <T>(
    id: Id,
    what: (object: ItemObjectStub) => Promise<T>,
    isRead?: boolean,
  ) => Promise<T>
}

/** A value and its object's other columns must fit into a row of 2 MB (Cloudflare: Durable Objects, limits). */
const MAX_BYTES = 1_900_000
/** A hundred years. workerd accepts no alarm after 2189. */
const MAX_TTL_SECONDS = 100 * 365 * 86_400

/** Returns the objects of a driver. `user` names their user in error messages. */
export function itemCalls({ namespace, base = '' }: Place, user: string): ItemCalls {
  function objects(): ItemObjectNamespace {
    if (namespace === undefined) return exportedNamespace('ItemObject', 'ITEMS')
    return typeof namespace === 'function' ? namespace() : namespace
  }

  return {
    // Two different lists of texts never have the same JSON.
    idOf: (kind, ...key) => objects().idFromName(JSON.stringify([kind, base, ...key])),
    call: async (id, what, isRead = false) => {
      const from = objects()
      const send = async (): ReturnType<typeof what> => what(from.get(id) as ItemObjectStub)
      try {
        return await (isRead ? withFreshStub(send) : send())
      } catch (cause) {
        throw new SessionError(
          'ERR_STORE',
          `The object of ${user} key failed. error.cause says why.`,
          { cause },
        )
      }
    },
  }
}

/**
 * Returns a time to live in milliseconds, or `undefined` if it is so long that an alarm would be refused, which means
 * that the value never expires.
 */
export function millisecondsOf(seconds: number): number | undefined {
  return seconds < MAX_TTL_SECONDS ? Math.ceil(seconds * 1000) : undefined
}

export function bytesOf(value: string | Uint8Array): number {
  return typeof value === 'string' ? new TextEncoder().encode(value).length : value.byteLength
}

/** Throws `ERR_TOO_LARGE` if a value does not fit into an object's row. */
export function checkSize(value: string | Uint8Array, driver: string): void {
  // A character has at most three bytes. A text with any character above U+00FF is stored with two bytes for each
  // UTF-16 unit.
  if (value.length * 3 <= MAX_BYTES) return
  // oxlint-disable-next-line no-control-regex
  const isWide = typeof value === 'string' && /[^\0-\xFF]/.test(value)
  if (Math.max(bytesOf(value), isWide ? value.length * 2 : 0) <= MAX_BYTES) return
  throw new SessionError(
    'ERR_TOO_LARGE',
    `${driver}: the value takes more than ${MAX_BYTES} bytes. Store it elsewhere, and only its name here.`,
  )
}
