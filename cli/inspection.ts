import { importKeyring, type Keyring } from '../src/codec/keyring.ts'
import { unverifiedToken, type UnverifiedToken } from '../src/codec/token.ts'
import type { SessionStore } from '../src/record/store.ts'
import type { SessionEvent } from '../src/request/event.ts'
import { openVisit } from '../src/request/open.ts'
import { resolveOptions, type Settings } from '../src/request/options.ts'
import { kvStore } from '../src/store/kv.ts'
import { memoryStore } from '../src/store/memory.ts'
import { messageOf, misuse } from './cli-error.ts'
import type { FoundSecret } from './secret-sources.ts'

/** What a session's cookie is looked at with; durations in seconds, the time in milliseconds. */
export interface Circumstances {
  readonly name: string
  readonly secrets: readonly FoundSecret[]
  readonly idle: number | undefined
  readonly absolute: number | undefined
  readonly now: number
}

export type StoreKind = 'durable-object' | 'kv' | 'memory' | 'unknown'

/** What one value of the cookie says, and what the library says of it. Times are milliseconds. */
export interface Inspection {
  /** What the library would report; `accepted` as far as it needs no store, `unchecked` where no secret was given. */
  readonly verdict:
    | 'accepted'
    | 'unchecked'
    | Extract<SessionEvent, { type: 'refused' | 'expired' }>
  /** Absent where it is malformed. Unless the verdict is `accepted` or `expired`, anybody may have written it. */
  readonly content: UnverifiedToken | undefined
  readonly store: StoreKind
  /** As in logs and events. */
  readonly sessionId: string | undefined
  /** The secret whose key id the token names, and all key ids that there are. */
  readonly secret: string | undefined
  readonly isNewestSecret: boolean
  readonly knownKeys: readonly { readonly id: string; readonly source: string }[]
  readonly idleUntil: number | undefined
  readonly absoluteUntil: number | undefined
  /** Whether the store records uses, so that its word counts and not the cookie's own time. */
  readonly storeRecordsUse: boolean
}

/** Looks at one value of the cookie, by the library's own code. Asks no store. Throws for secrets and timeouts that can't be. */
export async function inspection(value: string, given: Circumstances): Promise<Inspection> {
  const content = unverifiedToken(value)
  const token = content?.token
  const kind = storeKindOf(token?.handle)
  const store = kind === 'kv' ? kvStore(NO_NAMESPACE) : memoryStore()
  const keyring = await keyringOf(given.secrets)
  const events: SessionEvent[] = []
  const settings = settingsOf(given, store, (event) => events.push(event))
  if (keyring !== undefined) {
    const headers = new Map([['cookie', `${given.name}=${value}`]])
    const request = {
      url: 'https://localhost/',
      headers: { get: (name: string) => headers.get(name) ?? null },
    }
    const setup = { keyring, store, users: undefined, cache: undefined, takeovers: [] }
    await openVisit(settings, setup, request)
  }
  const knownKeys = (keyring ?? []).map(({ id }, index) => ({
    id,
    source: given.secrets[index]?.source ?? '',
  }))
  const key = knownKeys.findIndex(({ id }) => id === content?.keyId)
  return {
    verdict: verdictOf(content, keyring, events),
    content,
    store: kind,
    sessionId: token && store.idOf(token.handle),
    secret: knownKeys[key]?.source,
    isNewestSecret: key === 0,
    knownKeys,
    idleUntil: token && token.usedAt + settings.idle,
    absoluteUntil: token && token.createdAt + settings.absolute,
    storeRecordsUse: store.recordsUse,
  }
}

function verdictOf(
  content: UnverifiedToken | undefined,
  keyring: Keyring | undefined,
  events: readonly SessionEvent[],
): Inspection['verdict'] {
  if (content === undefined) return { type: 'refused', reason: 'malformed' }
  if (keyring === undefined) return 'unchecked'
  return events.find((event) => event.type === 'refused' || event.type === 'expired') ?? 'accepted'
}

/** The lengths of the handles that the stores mint: 32 bytes, two random texts, one. */
const HANDLE_LENGTHS = new Map<number | undefined, StoreKind>([
  [43, 'durable-object'],
  [48, 'kv'],
  [24, 'memory'],
])

function storeKindOf(handle: string | undefined): StoreKind {
  return HANDLE_LENGTHS.get(handle?.length) ?? 'unknown'
}

/** Nothing is ever asked of it. */
const NO_NAMESPACE = {
  get: () => Promise.resolve(null),
  put: () => Promise.resolve(),
  delete: () => Promise.resolve(),
}

async function keyringOf(secrets: readonly FoundSecret[]): Promise<Keyring | undefined> {
  for (const { value, source } of secrets) {
    try {
      // One after the other, so that a fault has its source.
      // oxlint-disable-next-line no-await-in-loop
      await importKeyring([value])
    } catch (error) {
      const message = messageOf(error).replace(/^.*?Secret 1/, `The secret, ${source},`)
      throw misuse(`edge-session inspect: ${message}`)
    }
  }
  const [first, ...others] = secrets.map(({ value }) => value)
  return first === undefined ? undefined : importKeyring([first, ...others])
}

function settingsOf(
  { name, idle, absolute, now }: Circumstances,
  store: SessionStore,
  onEvent: (event: SessionEvent) => void,
): Settings<never> {
  try {
    return resolveOptions<never>({
      // Those that count are in the keyring.
      secrets: [''],
      store,
      cookie: { name },
      now: () => now,
      onEvent,
      ...(idle !== undefined && { idleTimeout: idle }),
      ...(absolute !== undefined && { absoluteTimeout: absolute }),
    })
  } catch (error) {
    throw misuse(`edge-session inspect: ${messageOf(error)}`)
  }
}
