import {
  CLEAR_SITE_DIRECTIVES,
  clearSiteData,
  type ClearSiteDirective,
} from './accounts/clear-site-data.ts'
import { checkDetails, checkUserId, type Remember, type SignInDetails } from './accounts/details.ts'
import type { ListContext } from './accounts/list-context.ts'
import { confirmedAccount, SignIns } from './accounts/sign-ins.ts'
import { type UserSession, UserSessions } from './accounts/user-sessions.ts'
import { SessionError } from './errors.ts'
import type { Feature, FeatureSession } from './request/feature.ts'
import { requestSessionOf } from './request/lifecycle.ts'
import type { Aal, Account } from './session/account.ts'
import type { SessionLimit, UserIndex } from './store/user-index/user-list.ts'

export type {
  Aal,
  ClearSiteDirective,
  Remember,
  SessionLimit,
  SignInDetails,
  UserIndex,
  UserSession,
  UserSessions,
}

/** An untyped `env`, unless a parameter's type is more specific. */
type AnyEnv = ReturnType<typeof JSON.parse>

export interface AccountsOptions<Env = AnyEnv> {
  /** Each user's list of sessions, such as `(env) => userIndex(env.USERS)`. Needed for `sessions.user` and `limit`. */
  readonly index?: UserIndex | ((env: Env) => UserIndex)
  /** The maximum number of sessions for one user. Needs `index`. Default unlimited. */
  readonly limit?: SessionLimit
  /** `remembering()` of `edge-session/remember`, for `signIn(id, { remember: true })`. Default none. */
  readonly remember?: Remember
  /**
   * The data that `signOut()` tells the browser to delete besides the session's cookie (W3C: Clear Site Data). Default
   * none. Browsers do not apply `cache` to the page from which the user signs out.
   *
   * `cookies` and `*` delete every cookie of the site, including those of the same response (Chromium, Firefox, WebKit;
   * Firefox keeps partitioned ones). If the response sets a cookie, `cookies` is left out, with the event
   * `cookies-kept`.
   */
  readonly clearSiteData?: readonly ClearSiteDirective[]
}

/** The methods that `accounts()` adds to a session. */
export interface AccountMethods {
  /**
   * The signed-in user's id, or `undefined` if no user is signed in. Throws `ERR_NOT_LOADED` if the session has not
   * been loaded, even for a visitor without one: await `load()` or any other operation first.
   */
  readonly userId: string | undefined

  /**
   * The time of the last authentication, from `signIn` or `adopting`. 1970 if `adopting` had no time. Returns
   * `undefined` and throws as `userId` does.
   */
  readonly authenticatedAt: Date | undefined

  /** The `aal` passed to `signIn` (NIST SP 800-63B). Returns `undefined` and throws as `userId` does. */
  readonly aal: Aal | undefined

  /**
   * Signs a user in. Rotates the token, invalidates the old one immediately, and restarts both timeouts (OWASP: renew
   * the session ID after any privilege change; NIST SP 800-63B section 5.2). First deletes another user's data, but
   * keeps that of an anonymous visitor. The session is on the user's list before its cookie is sent. Another sign-in of
   * the same user is a re-authentication.
   *
   * A sign-in is never too late: if the session was ended or its token rotated in the meantime, it begins a new
   * session.
   *
   * Throws `ERR_VALUE` for an invalid user id or detail, `ERR_OPTION` for `remember` without `remembering()` or with
   * invalid timeouts, and `ERR_SESSION_LIMIT` if the user already has the maximum number of sessions. On Workers KV it
   * takes effect with the commit.
   */
  signIn(userId: string, details?: SignInDetails): Promise<void>

  /**
   * Ends the session like `destroy()`, and sends `Clear-Site-Data` if `clearSiteData` is set. A `flash` after it begins
   * a new session, for a message such as "You are signed out".
   */
  signOut(): Promise<void>
}

/** The methods that `accounts()` adds to `sessions`. */
export interface AccountsOfLayer<Env = AnyEnv> {
  /**
   * Returns a user's sessions, to list and to end. Makes no call. Throws `ERR_VALUE` for an invalid user id, and
   * `ERR_BINDING` without the option `index` or its Durable Object.
   */
  readonly user: (userId: string, env: Env) => UserSessions
}

/**
 * Adds users to sessions: `use: [accounts()]` adds `signIn`, `signOut`, `userId`, `authenticatedAt` and `aal` to the
 * session, and `user` to `sessions`. Throws `ERR_OPTION` for invalid options.
 */
export function accounts<Env = AnyEnv>(
  options: AccountsOptions<Env> = {},
): Feature<AccountMethods, AccountsOfLayer<Env>> {
  checkOptions(options)
  const { index, limit, remember } = options
  const known = new WeakMap<FeatureSession, SignIns>()

  function indexFor(env: Env): UserIndex | undefined {
    return typeof index === 'function' ? index(env) : index
  }

  /** Returns the request's sign-ins, made on first use. */
  function signInsOf(session: FeatureSession): SignIns {
    const found = known.get(session)
    if (found !== undefined) return found
    const made = new SignIns(session, contextOf, remember)
    known.set(session, made)
    return made
  }

  function contextOf(session: FeatureSession): ListContext | undefined {
    const { settings, env } = session
    const users = indexFor(env as Env)
    return (
      users && {
        index: users,
        cookieName: settings.cookie.name,
        limit,
        emit: settings.emit,
        call: (method, run) => session.call('user-index', method, run),
      }
    )
  }

  const methods: AccountMethods = {
    get userId() {
      return accountOf(this)?.userId
    },

    get authenticatedAt() {
      const account = accountOf(this)
      return account && new Date(account.provenAt ?? account.at)
    },

    get aal() {
      return accountOf(this)?.aal
    },

    async signIn(userId, details = {}) {
      const session = requestSessionOf(this)
      const dictionary = session.dictionary.toChange()
      checkUserId(userId)
      checkDetails(details)
      await dictionary.operations.run(async () => {
        // A copy must not decide whose dictionary this is.
        if (session.isCopied) await dictionary.loadFresh()
        if (await signInsOf(session).signIn(userId, details)) dictionary.empty()
      })
    },

    async signOut() {
      const session = requestSessionOf(this)
      const dictionary = session.dictionary.toChange()
      await dictionary.operations.run(async () => {
        await session.destroy()
        clearSiteData(session, options.clearSiteData ?? [])
        dictionary.discard()
      })
    },
  }

  return {
    feature: 'accounts',
    methods,
    more(settings, call) {
      // The default timeouts may not fit those of the layer.
      remember?.(true, settings.context.touch)
      return {
        user(userId, env) {
          checkUserId(userId)
          const users = indexFor(env)
          if (users === undefined) throw noIndexError()
          return new UserSessions(userId, {
            index: users,
            cookieName: settings.cookie.name,
            limit,
            emit: settings.emit,
            call: (method, run) => call('user-index', method, run),
          })
        },
      }
    },
    setUp(env, { name, can }) {
      if (indexFor(env) === undefined || can.address) return
      throw new SessionError(
        'ERR_OPTION',
        `accounts({ index }): user objects cannot reach the sessions of the ${name} store. Use durableObjectStore or kvStore, or leave index out.`,
      )
    },
    confirmed(session, { account }) {
      // A plain read makes nothing if there is no event to report and the store records the use.
      const isNeeded = session.settings.isListening || !session.store.can.recordUse
      if (isNeeded && account) signInsOf(session).checkDevice(account)
    },
    changed: (session, change) => signInsOf(session).changed(change),
    finish: (session) => known.get(session)?.finish(),
    async signIn(session, account, details: SignInDetails, mayBegin) {
      checkUserId(account.userId)
      checkDetails(details)
      return signInsOf(session).begin(account, details, mayBegin)
    },
  }
}

/**
 * Returns the signed-in account, if any. Throws `ERR_NOT_LOADED` if that is unknown, and also without a cookie, so that
 * a missing `load()` is noticed before the first user signs in.
 */
function accountOf(session: object): Account | undefined {
  const request = requestSessionOf(session)
  request.markUsed()
  const pending = request.pending?.patch.signIn
  const { is } = request.state
  const isUnread = is === 'presented' || (is === 'none' && request.isUntouched)
  if (request.isArriving || (pending === undefined && isUnread)) {
    throw new SessionError(
      'ERR_NOT_LOADED',
      'The session has not been loaded yet. Call `await session.load()` first, or use `requireUser()`.',
    )
  }
  return pending ?? confirmedAccount(request)
}

function noIndexError(): SessionError {
  return new SessionError(
    'ERR_BINDING',
    'There is no index of users. Write accounts({ index: (env) => userIndex(env.USERS) }), export UserObject from the Worker, and declare it in wrangler.toml as SessionObject is.',
  )
}

function checkOptions({
  index,
  limit,
  remember,
  clearSiteData: cleared = [],
}: AccountsOptions<never>): void {
  const isIndex = typeof index === 'function' || typeof Object(index).revoke === 'function'
  const fault = [
    [
      index !== undefined && !isIndex,
      'index must be a function, such as (env) => userIndex(env.USERS).',
    ],
    [!isLimit(limit), "limit must be { max, whenFull }: 1 or more, and 'refuse' or 'end-oldest'."],
    [
      limit !== undefined && index === undefined,
      'limit needs index: (env) => userIndex(env.USERS).',
    ],
    [
      !['function', 'undefined'].includes(typeof remember),
      'remember must be remembering() of edge-session/remember.',
    ],
    [
      !isClearList(cleared),
      `clearSiteData must be a list, such as ['cache'], of: ${CLEAR_SITE_DIRECTIVES.join(', ')}.`,
    ],
  ].find(([isWrong]) => isWrong === true)
  if (fault !== undefined) throw new SessionError('ERR_OPTION', `accounts(): ${String(fault[1])}`)
}

/** JavaScript callers may pass any value. */
function isClearList(list: unknown): boolean {
  const known: readonly unknown[] = CLEAR_SITE_DIRECTIVES
  return Array.isArray(list) && list.every((directive) => known.includes(directive))
}

function isLimit({ max = 1, whenFull = 'refuse' }: Partial<SessionLimit> = {}): boolean {
  return Number.isInteger(max) && max >= 1 && ['refuse', 'end-oldest'].includes(whenFull)
}
