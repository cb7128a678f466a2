import { SessionError } from '../errors.ts'
import type { Await, CallContext } from '../record/store.ts'
import type { SessionEvent, StoreFailureReason } from './event.ts'

/** The settings of a client. Durations are in milliseconds. */
interface ClientSettings {
  readonly context: Omit<CallContext, 'now'>
  readonly timeout: number
  readonly emit: (event: SessionEvent) => void
  readonly now: () => number
}

/** The session that the calls belong to. */
interface ClientSession {
  readonly id: string
  /** The number of wrappers that will close the client. */
  readonly depth: number
  /** False if the request does not count as use of the session, such as a prefetch or a poll. */
  readonly isUse: boolean
}

/** Makes a call of the store. */
export type Run<T> = (context: CallContext) => Await<T>

/** One store call. */
class Call {
  /** The call's time limit, in milliseconds. */
  timeout = 0
  /** When the call is given up, by `performance.now()`. */
  endsAt = 0
  fail: ((cause: unknown) => void) | undefined
  #controller: AbortController | undefined

  readonly signal = (): AbortSignal => (this.#controller ??= new AbortController()).signal

  /** Fails the call, and makes the store give it up. */
  giveUp(cause: Error): void {
    this.fail?.(cause)
    this.#controller?.abort(cause)
  }
}

/** The longest possible timer. Longer ones fire immediately (HTML, timers: the time is a 32-bit integer). */
const MAX_MILLISECONDS = 2 ** 31 - 1

/** The store calls of one request. Each has a time limit and is reported if it fails. One timer serves all. */
export class StoreClient {
  /** The time of the last call, in milliseconds since 1970. */
  calledAt = 0
  /** The work that the store has deferred until after the response. */
  deferred: (() => Promise<void>) | undefined
  readonly #settings: ClientSettings
  readonly #session: ClientSession
  readonly #calls = new Set<Call>()
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(settings: ClientSettings, session: ClientSession) {
    this.#settings = settings
    this.#session = session
  }

  /**
   * Makes a call. Throws `ERR_STORE` if it fails or times out; it may still take effect. A copy's answer is not a
   * promise. `wait` is the time in milliseconds that the call waits for something other than the store.
   */
  call<T>(store: string, method: string, run: Run<T>, isFresh = false, wait = 0): Await<T> {
    const { context, now, timeout } = this.#settings
    this.calledAt = now()
    const { idle, absolute, touch, renew } = context
    const call = new Call()
    call.timeout = timeout + wait
    const at = {
      now: this.calledAt,
      idle,
      absolute,
      touch,
      isUse: this.#isUse,
      fresh: isFresh,
      defer: this.#defer,
      signal: call.signal,
    }
    try {
      const result = run(renew === undefined || !this.#isUse() ? at : { ...at, renew })
      return isThenable(result) ? this.#withinTime(call, result, store, method) : result
    } catch (cause) {
      throw this.#failure(store, method, cause)
    }
  }

  /** Stops the timer, unless a call that was not awaited is still running. */
  close(): void {
    if (this.#timer === undefined || this.#calls.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  readonly #isUse = (): boolean => this.#session.isUse

  readonly #defer = (work: () => Promise<void>): void => {
    this.deferred = work
  }

  #withinTime<T>(call: Call, result: Promise<T>, store: string, method: string): Promise<T> {
    const { timeout } = call
    // `Promise.withResolvers` is missing in Node 20.
    return new Promise((resolve, reject) => {
      call.endsAt = performance.now() + timeout
      call.fail = (cause) => {
        if (this.#calls.delete(call)) reject(this.#failure(store, method, cause))
        this.#rest()
      }
      this.#calls.add(call)
      if (this.#timer === undefined && timeout <= MAX_MILLISECONDS) this.#setTimer(timeout)
      result.then((value) => {
        if (this.#calls.delete(call)) resolve(value)
        return this.#rest()
      }, call.fail)
    })
  }

  /**
   * Closes the client after the last call, if there is no wrapper to do it. A Worker may have 10,000 timers at a time.
   */
  #rest(): void {
    if (this.#session.depth === 0) this.close()
  }

  /** Sets the timer for all calls of a request. When it fires, it is set again for the next call that may time out. */
  #setTimer(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      const now = performance.now()
      for (const call of this.#calls) {
        // The runtime's clock may be a millisecond behind its timers.
        if (call.endsAt <= now + 1) {
          call.giveUp(new Error(`There was no answer within ${call.timeout} ms.`))
        } else if (this.#timer === undefined) this.#setTimer(call.endsAt - now)
      }
    }, milliseconds)
  }

  #failure(store: string, method: string, cause: unknown): SessionError {
    const message = shown(textOf(cause instanceof Error ? cause.message : cause))
    const failed = { reason: reasonOf(cause), message, id: this.#session.id } as const
    this.#settings.emit({ type: 'store-failed', call: method, ...failed })
    if (cause instanceof SessionError) return cause
    const isRead = ['read', 'list', 'load'].includes(method)
    const effect = isRead ? '' : '. Whether it took effect is unknown'
    return new SessionError(
      'ERR_STORE',
      `The ${store} store failed to ${method} the session${effect}: ${message}`,
      { cause },
    )
  }
}

/** Returns a value as text: a store may throw anything, and an error's message need not be a string. */
function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return '(no text)'
  }
}

const MAX_SHOWN_CHARACTERS = 200

/**
 * Returns a store's message without anything that may be a key, a token or a value: without long random texts, and cut
 * off at the first quote, list or object, since a value may contain quotes and brackets itself. Redis clients add the
 * command to a message: `command was: [...]`, `args beginning with: '...'`.
 */
function shown(message: string): string {
  const isLong = message.length > MAX_SHOWN_CHARACTERS
  const start = isLong ? message.slice(0, MAX_SHOWN_CHARACTERS - 1).replace(/\S*$/, '…') : message
  return start.replaceAll(/(?:(?<!\w)["'`]|[[{]).*|(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{24,}/gs, '…')
}

/** The words that the runtime and clients use for each reason. */
const REASONS: readonly (readonly [StoreFailureReason, RegExp])[] = [
  ['binding', /ERR_BINDING|SQLite-backed|receiver does not implement/],
  ['timeout', /no answer within|timed? ?out/i],
  ['rate-limit', /\b429\b|rate limit|too many (api |sub)?requests|requests? limit exceeded/i],
  ['overloaded', /overloaded|too many open connections|max number of clients|^(BUSY|LOADING) /i],
  ['reset', /reset|ECONN|EPIPE|clos(ed|ing)|connection lost|disconnect|cannot connect/i],
]

/** Returns the reason of a failure. A store that wraps another keeps the error as the `cause` of its own. */
function reasonOf(error: unknown, depth = 0): StoreFailureReason {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return 'other'
  const { code, overloaded, durableObjectReset, retryable, message, cause }: StoreError = error
  if (overloaded === true) return 'overloaded'
  if (durableObjectReset === true) return 'reset'
  const words = `${textOf(message)} ${textOf(code)}`
  const found = REASONS.find(([, pattern]) => pattern.test(words))?.[0]
  // A lost connection, whatever the words.
  return found ?? (retryable === true ? 'reset' : reasonOf(cause, depth + 1))
}

const MAX_CAUSES = 4

/** The flags that workerd sets on an object's error, and the codes of errors. */
interface StoreError extends Error {
  readonly code?: unknown
  readonly overloaded?: boolean
  readonly durableObjectReset?: boolean
  readonly retryable?: boolean
}

/** True if the error is a store failure, which is not a fault of the request. */
export function isStoreFailure(error: unknown): error is SessionError {
  return error instanceof SessionError && error.code === 'ERR_STORE'
}

export function isThenable<T>(result: Await<T>): result is Promise<T> {
  return typeof (result as Partial<Promise<T>> | undefined)?.then === 'function'
}

/** Returns the time in milliseconds since 1970. `Date` is looked up at each call, so that fake timers in tests work. */
export function systemTime(): number {
  return Date.now()
}
