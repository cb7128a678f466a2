import type { FlashSessionData, Session as RouterSession, SessionStorage } from 'react-router'

import { clearCookie, UNKNOWN_ADDRESS } from '../codec/cookie.ts'
import { SessionError } from '../errors.ts'
import type { Sessions } from '../request/create-sessions.ts'
import { cookieOf, fail, requestSessionOf, settle, type TouchOption } from '../request/lifecycle.ts'
import { DATA, FLASH } from '../session/patch.ts'
import { encodeChecked, nameOf } from '../session/session.ts'

type OwnSession = ReturnType<typeof requestSessionOf>

/** The supported options of React Router's functions: how long the browser keeps the cookie. */
interface CookieOptions {
  readonly maxAge?: number
  readonly expires?: Date
}

/**
 * Returns a React Router `SessionStorage` that uses these sessions, so that code written for another storage works
 * unchanged: `getSession(request.headers.get('Cookie'))`, `commitSession(session)`, `destroySession(session)`.
 *
 * `getSession` reads the session once. `commitSession` writes the changed keys, including values changed in place. All
 * other keys keep what other requests have written, and values that cannot be read stay as they are. It returns the
 * Set-Cookie value, or an empty string for a visitor without a session and without data. For React Router's error
 * boundaries, the functions throw a Response: 409 if the session ended in the meantime, and 503 if the store fails.
 *
 * The cookie and timeouts are those of `createSessions`; of a call's options only `maxAge` and `expires` are used. Use
 * a storage with `{ touch: false }` in loaders of polls.
 */
export function sessionStorage<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
>(
  sessions: Sessions<Data, Env, Flash, Methods>,
  env: () => Env,
  { touch = true }: TouchOption = {},
): SessionStorage<Data, Flash> {
  const states = new WeakMap<object, State>()

  async function open(cookieHeader: string): Promise<OwnSession> {
    // The cookie is all that is known of the request.
    const request = new Request(UNKNOWN_ADDRESS, { headers: { Cookie: cookieHeader } })
    const own = requestSessionOf(await sessions.open(request, env()))
    if (!touch) own.poll()
    return own
  }

  /**
   * Returns a session's state. After a commit, the session is opened again, since a request's session is for one
   * response only.
   */
  async function stateOf(session: object): Promise<State> {
    const state = states.get(session)
    if (state === undefined) {
      throw new SessionError(
        'ERR_OPTION',
        'This session does not come from getSession() of this storage. Pass the session that it returned.',
      )
    }
    if (state.cookie !== undefined) state.own = await open(state.cookie)
    state.cookie = undefined
    return state
  }

  return {
    getSession: async (cookieHeader) => {
      const own = await open(cookieHeader ?? '')
      const dictionary = own.dictionary.toRead()
      const texts = new Map([...(await dictionary.texts(DATA)), ...(await dictionary.texts(FLASH))])
      const state: State = {
        own,
        texts,
        values: new Map(),
        written: new Set(),
        cookie: undefined,
      }
      for (const [name, text] of texts) {
        const value = thawed(own, text)
        if (value !== undefined) state.values.set(keyOf(name), value)
      }
      const session = newSession<Data, Flash>(state)
      states.set(session, state)
      return session
    },

    commitSession: async (session, options) => {
      const state = await stateOf(session)
      record(state)
      return finish(state, options)
    },

    destroySession: async (session) => {
      const state = await stateOf(session)
      const { own } = state
      await end(own)
      await finish(state)
      return clearCookie(own.settings.cookie)
    },
  }
}

interface State {
  own: OwnSession
  /** The stored entries, as far as this request knows them. */
  texts: Map<string, string>
  /** The values by key, as the application sees them. */
  readonly values: Map<string, unknown>
  /** The keys that were set or unset. They are written even if unchanged. */
  readonly written: Set<string>
  /** The cookie to continue with after a commit. */
  cookie: string | undefined
}

/** Returns a value that the application may change. A text that cannot be decoded is reported, and counts as absent. */
function thawed({ dictionary, codec }: OwnSession, text: string): unknown {
  try {
    return codec.thaw === undefined ? (JSON.parse(text) as unknown) : codec.thaw(text)
  } catch {
    // Reports the error.
    return dictionary.peek(text)
  }
}

/** Returns a session as React Router defines it. Flash messages are stored among the values, under their own names. */
function newSession<Data, Flash>({ own, values, written }: State): RouterSession<Data, Flash> {
  const put = (name: string, value: unknown): void => {
    // Throws here, not at the commit, if a value cannot be stored.
    if (value !== undefined) encoded(own, name, value)
    values.set(name, value)
    written.add(name)
  }
  const drop = (name: string): void => {
    values.delete(name)
    written.add(name)
  }
  const get = (name: string): unknown => {
    if (values.has(name)) return values.get(name)
    const value = values.get(flashName(name))
    if (values.has(flashName(name))) drop(flashName(name))
    return value
  }
  return {
    id: own.isNew ? '' : own.id,
    get data() {
      return Object.fromEntries(values) as FlashSessionData<Data, Flash>
    },
    has: (name) => values.has(name) || values.has(flashName(name)),
    // The application is responsible for the types of its values.
    get: get as RouterSession<Data, Flash>['get'],
    set: put,
    flash: (name, value) => put(flashName(name), value),
    unset: drop,
  }
}

function flashName(name: string): string {
  return `__flash_${name}__`
}

/** Returns React Router's key for an entry. */
function keyOf(entry: string): string {
  const name = entry.slice(DATA.length)
  return entry.startsWith(FLASH) ? flashName(name) : name
}

/** Returns the entry for a React Router key. Messages are stored as by `session.flash`, so a schema does not see them. */
function entryOf(key: string): string {
  const [, message] = /^__flash_([^]*)__$/.exec(key) ?? []
  return message === undefined ? DATA + key : FLASH + message
}

/** Returns the stored form of a value. Throws `ERR_KEY` and `ERR_VALUE` as `session.set` does. */
function encoded({ dictionary, codec }: OwnSession, key: string, value: unknown): string {
  nameOf(key)
  const isMessage = entryOf(key).startsWith(FLASH)
  return isMessage ? codec.encode(key, value) : encodeChecked(dictionary, key, value)
}

/**
 * Records the changes, key by key. A value that has not changed since it was read keeps its text, even if the codec
 * would write another one now. A text that cannot be read is not a change.
 */
function record({ own, texts, values, written }: State): void {
  for (const key of new Set([...values.keys(), ...written])) {
    const name = entryOf(key)
    const value = values.get(key)
    if (!written.has(key) && isAsRead(own, key, [value, texts.get(name)])) continue
    const text = value === undefined ? null : encoded(own, key, value)
    own.dictionary.toChange().record(name, text)
    if (text === null) texts.delete(name)
    else texts.set(name, text)
  }
  written.clear()
}

/** True if a value has not changed since it was read from this text. */
function isAsRead(
  own: OwnSession,
  key: string,
  [value, text]: readonly [value: unknown, text: string | undefined],
): boolean {
  if (text === undefined) return false
  const present = own.codec.encode(key, value)
  return present === text || present === own.codec.encode(key, thawed(own, text))
}

/** Ends the session and drops recorded changes. */
async function end(own: OwnSession): Promise<void> {
  // Also works after a refused commit, which has sealed the dictionary.
  own.dictionary.toRead().discard()
  try {
    await own.destroy()
  } catch (error) {
    throwAnswer(await fail(own, error))
  }
}

function throwAnswer(answer: Response | undefined): void {
  // React Router expects a thrown Response for its boundaries.
  // oxlint-disable-next-line typescript/only-throw-error
  if (answer !== undefined) throw answer
}

/** Writes the changes and returns the cookie. */
async function finish(state: State, options: CookieOptions = {}): Promise<string> {
  const { own } = state
  throwAnswer(await settle(own))
  const setCookie = await cookieOf(own)
  state.cookie = setCookie.split(';', 1).join('')
  return setCookie === '' ? '' : withLifetime(setCookie, options)
}

/** Returns the cookie with the caller's lifetime. */
function withLifetime(setCookie: string, { maxAge, expires }: CookieOptions): string {
  if (maxAge === undefined && expires === undefined) return setCookie
  const kept = setCookie.replaceAll(/; (Max-Age|Expires)=[^;]*/gi, '')
  const seconds = maxAge === undefined ? '' : `; Max-Age=${Math.floor(maxAge)}`
  return `${kept}${seconds}${expires === undefined ? '' : `; Expires=${expires.toUTCString()}`}`
}
