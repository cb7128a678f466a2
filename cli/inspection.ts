import { importKeyring, type Keyring } from '../src/codec/keyring.ts'
import { type Token, unverifiedToken, type UnverifiedToken } from '../src/codec/token.ts'
import type { SessionStore } from '../src/record/store.ts'
import { resolveOptions } from '../src/request/defaults.ts'
import type { SessionEvent } from '../src/request/event.ts'
import { arrivalOf } from '../src/request/open.ts'
import type { Settings } from '../src/request/options.ts'
import { kvStore } from '../src/store/kv.ts'
import { memoryStore } from '../src/store/memory.ts'
import { messageOf, misuse } from './cli-error.ts'
import type { FoundSecret } from './secret-sources.ts'

/** The input of an inspection. Durations are in seconds, the time in milliseconds since 1970. */
export interface Circumstances {
  readonly name: string
  readonly secrets: readonly FoundSecret[]
  readonly idle: number | undefined
  readonly absolute: number | undefined
  readonly now: number
}

export type StoreKind = 'durable-object' | 'kv' | 'memory' | 'unknown'

/** The content of one value of the cookie, and the library's verdict. Times are in milliseconds since 1970. */
export interface Inspection {
  /**
   * The event that the library would report. `accepted` if it would not refuse the token without asking the store,
   * `unchecked` if no secret was given.
   */
  readonly verdict:
    | 'accepted'
    | 'unchecked'
    | Extract<SessionEvent, { type: 'refused' | 'expired' }>
  /** `undefined` if it is malformed. Unless the verdict is `accepted` or `expired`, anyone may have written it. */
  readonly content: UnverifiedToken | undefined
  readonly store: StoreKind
  /** The id in logs and events. */
  readonly sessionId: string | undefined
  /** The secret named by the token's key id, and the ids of all keys. */
  readonly secret: string | undefined
  readonly isNewestSecret: boolean
  readonly knownKeys: readonly { readonly id: string; readonly source: string }[]
  /** By the layer's timeouts, or `undefined` for a remembered session, whose timeouts only the store knows. */
  readonly idleUntil: number | undefined
  readonly absoluteUntil: number | undefined
  /** True if the store records uses, so that the cookie's own time does not count. */
  readonly storeRecordsUse: boolean
}

/**
 * Inspects one value of the cookie with the library's own code. Makes no store call. Throws for invalid secrets and
 * timeouts.
 */
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
    await arrivalOf(settings, { keyring, store }, request, () => undefined)
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
    ...endOf(token, settings.context),
    storeRecordsUse: store.can.recordUse,
  }
}

/** Returns when a token's session ends by the layer's timeouts, if they apply to it. */
function endOf(
  token: Token | undefined,
  { idle, absolute }: { readonly idle: number; readonly absolute: number },
): Pick<Inspection, 'idleUntil' | 'absoluteUntil'> {
  if (token === undefined || token.isRemembered === true)
    return { idleUntil: undefined, absoluteUntil: undefined }
  return { idleUntil: token.usedAt + idle, absoluteUntil: token.createdAt + absolute }
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

/** The handle lengths of the stores: 32 bytes, two random texts, one. */
const HANDLE_LENGTHS = new Map<number | undefined, StoreKind>([
  [43, 'durable-object'],
  [48, 'kv'],
  [24, 'memory'],
])

function storeKindOf(handle: string | undefined): StoreKind {
  return HANDLE_LENGTHS.get(handle?.length) ?? 'unknown'
}

/** Never called. */
const NO_NAMESPACE = {
  get: () => Promise.resolve(null),
  put: () => Promise.resolve(),
  delete: () => Promise.resolve(),
}

async function keyringOf(secrets: readonly FoundSecret[]): Promise<Keyring | undefined> {
  for (const { value, source } of secrets) {
    try {
      // One after the other, so that a fault can be assigned to its source.
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
): Settings {
  try {
    return resolveOptions({
      // The keys that count are in the keyring.
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
