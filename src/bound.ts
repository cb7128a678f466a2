import { openStamp, stamped } from './bound/challenge.ts'
import {
  boundCookie,
  type Endpoint,
  NO_STORE,
  noBindingsError,
  refresh,
  register,
  REGISTRATION_MS,
} from './bound/endpoints.ts'
import { type BoundOptions, boundSettings, checkBoundCookie } from './bound/options.ts'
import { clearCookie, readCookies } from './codec/cookie.ts'
import { SessionError } from './errors.ts'
import type { Feature, FeatureSession, TokenChange } from './request/feature.ts'
import { requestSessionOf } from './request/lifecycle.ts'
import type { Account } from './session/account.ts'
import { BOUND } from './session/patch.ts'

export type { BoundOptions }

/**
 * - `bound`: a device has registered its key for the session.
 * - `pending`: the user has signed in less than five minutes ago, and no device has registered yet.
 * - `none`: no user is signed in, or the browser does not bind sessions.
 */
export type BindingPhase = 'none' | 'pending' | 'bound'

/** The methods that `bound()` adds to a session. */
export interface BoundMethods {
  /**
   * Whether the session is bound to a device. Throws `ERR_NOT_LOADED` before the session is read, for example by
   * `load()`.
   */
  readonly binding: BindingPhase
}

/**
 * One of the two endpoints for the browser, for a router or framework without a `withSession` around the whole `fetch`.
 */
export interface BoundRoute {
  readonly method: 'POST'
  readonly path: string
  /** Returns the response. Takes any object that has the session: `request` in `withSession`, `c.var` in Hono. */
  readonly handler: (holder: { readonly session: object }) => Promise<Response>
}

/** The key of the method that `requireBound` calls. */
export const DEVICE: unique symbol = Symbol('device')

/** The answers that `requireBound` needs. */
export interface Device {
  readonly enforce: boolean
  /**
   * The start of the grace period after the sign-in, in milliseconds since 1970, or `undefined` if no user is signed
   * in.
   */
  readonly graceFrom: number | undefined
  /**
   * Returns `valid` if the request has a currently valid cookie of the session's device, and `foreign` if it has one of
   * another session.
   */
  readonly cookie: () => Promise<'valid' | 'foreign' | 'none'>
  /** Deletes that cookie, if there is one, so that the browser gets a new one. */
  readonly forget: () => void
}

/**
 * Binds the sessions of signed-in users to their devices, in browsers that support it (W3C: Device Bound Session
 * Credentials): `use: [accounts(), bound()]`. A sign-in asks the browser to register a key, which a copy of its cookies
 * does not contain. After that the browser proves every `cookieSeconds` that it has the key, and gets a second cookie,
 * which `requireBound` requires. `withSession` around a whole `fetch` answers the browser itself; a router needs
 * `routes`.
 *
 * The store needs `bindings` of `edge-session/bound/bindings`: `export class SessionObject extends
 * extendSessionObject(bindings) {}`. Throws `ERR_OPTION` for invalid options. The first request throws it for a store
 * that cannot have parts. A registration at an object without `bindings` is refused, and reported as `store-failed`.
 */
export function bound(
  options: BoundOptions = {},
): Feature<BoundMethods> & { readonly routes: readonly BoundRoute[] } {
  const settings = boundSettings(options)
  const { paths, algorithms, allow, enforce } = settings
  const endpoints = { [paths.register]: register, [paths.refresh]: refresh }
  /** The store's last answer about each session: the text of `BOUND`, or an empty text if the session is not bound. */
  const known = new WeakMap<FeatureSession, string>()

  const methods: BoundMethods & { readonly [DEVICE]: Device } = {
    get binding() {
      // Throws if the session is not loaded.
      const { userId } = this as { readonly userId?: string }
      const session = requestSessionOf(this)
      const at = userId === undefined ? undefined : accountOf(session)?.at
      if (at === undefined) return 'none'
      const text = known.get(session)
      if (text === undefined) throw notReadError()
      if (text !== '') return 'bound'
      return session.settings.now() - at < REGISTRATION_MS ? 'pending' : 'none'
    },

    get [DEVICE]() {
      const session = requestSessionOf(this)
      return {
        enforce,
        graceFrom: graceFrom(accountOf(session)?.at, known.get(session)),
        cookie: () => deviceCookie(session),
        forget: () => clear(session),
      }
    },
  }

  return {
    feature: 'bound',
    methods,
    more(layer) {
      checkBoundCookie(layer)
      return {}
    },
    setUp(_env, store) {
      if (store.part === undefined) throw noBindingsError('ERR_OPTION', store.name)
    },
    confirmed(session, { entries }) {
      if (entries !== undefined) known.set(session, entries[BOUND] ?? '')
    },
    changed(session, change) {
      if (change.is === 'ended') clear(session)
      return change.is === 'issued' ? offer(session, change) : undefined
    },
    answer(session) {
      const { method, url } = session.request
      const endpoint = method === 'POST' ? endpoints[new URL(url).pathname] : undefined
      return endpoint && answerOf(endpoint, session)
    },
    routes: Object.entries(endpoints).map(([path, endpoint]) => ({
      method: 'POST',
      path,
      handler: ({ session }) => answerOf(endpoint, requestSessionOf(session)),
    })),
  }

  /** Asks the browser to register a key after a sign-in. */
  async function offer(
    session: FeatureSession,
    { pending }: Extract<TokenChange, { is: 'issued' }>,
  ): Promise<void> {
    const { state } = session
    if (pending.patch.signIn === undefined || state.is !== 'live') return
    // If another user was signed in, the binding is deleted. The next read tells if it was the same user.
    known.set(session, '')
    if (!session.request.url.startsWith('https:')) return
    // A joined session has the account of the request that created it, and so another time.
    const { handle } = state.token
    const at = state.status.account?.at ?? 0
    const challenge = await stamped(session, 'register', { handle, at })
    const value = `(${algorithms.join(' ')});path="${paths.register}";challenge="${challenge}"`
    session.headers.push(['Secure-Session-Registration', value])
  }

  /**
   * Answers the browser. A store failure or too many requests result in 503: a 4xx would end the session in the
   * browser.
   */
  async function answerOf(endpoint: Endpoint, session: FeatureSession): Promise<Response> {
    try {
      const isAllowed = await allow(session.request, session.env as never)
      if (isAllowed) return await endpoint(session, settings)
    } catch (error) {
      if (!isOfStore(error)) throw error
    }
    return new Response(null, { status: 503, headers: { ...NO_STORE, 'Retry-After': '5' } })
  }
}

function notReadError(): SessionError {
  return new SessionError(
    'ERR_NOT_LOADED',
    'The session has not been loaded yet. Call `await session.load()` first.',
  )
}

/** True if the store failed, or the object has no bindings. */
function isOfStore(error: unknown): boolean {
  return error instanceof SessionError && /^ERR_(STORE|BINDING)$/.test(error.code)
}

/** Deletes the device's cookie, if the request has one. */
function clear(session: FeatureSession): void {
  const cookie = boundCookie(session)
  const [value] = readCookies(session.request.headers.get('cookie'), cookie.name)
  if (value !== undefined) session.headers.push(['Set-Cookie', clearCookie(cookie)])
}

async function deviceCookie(session: FeatureSession): ReturnType<Device['cookie']> {
  const { token, settings, request } = session
  const values = readCookies(request.headers.get('cookie'), boundCookie(session).name)
  let found: 'foreign' | 'none' = 'none'
  for (const value of values) {
    // A browser sends several only if the name has no prefix.
    // oxlint-disable-next-line no-await-in-loop
    const stamp = await openStamp(session, 'cookie', value)
    if (stamp === undefined || stamp.handle !== token?.handle) found = 'foreign'
    else if (settings.now() < stamp.at) return 'valid'
  }
  return found
}

/**
 * Returns the earlier of the sign-in and its registration. The clock of the Worker that signed in may be ahead, which
 * must not extend the grace period.
 */
function graceFrom(signedInAt: number | undefined, text = ''): number | undefined {
  const [of, from] = text.split(' ').map(Number)
  return of === signedInAt ? from : signedInAt
}

/** Returns the account that is signed in now, or after the commit. */
function accountOf({ pending, state }: FeatureSession): Account | undefined {
  return pending?.patch.signIn ?? (state.is === 'live' ? state.status.account : undefined)
}
