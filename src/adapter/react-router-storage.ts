import type { FlashSessionData, Session as RouterSession, SessionStorage } from 'react-router'

import { clearCookie } from '../codec/cookie.ts'
import { SessionError } from '../errors.ts'
import type { Sessions } from '../request/create-sessions.ts'
import { cookieOf, fail, requestSessionOf, settle } from '../request/lifecycle.ts'
import { DATA, FLASH } from '../session/patch.ts'
import { encodeChecked, nameOf } from '../session/session.ts'

type OwnSession = ReturnType<typeof requestSessionOf>

/** What React Router's functions take as options and what of it counts here: how long the browser keeps the cookie. */
interface CookieOptions {
  readonly maxAge?: number
  readonly expires?: Date
}

/**
 * A `SessionStorage` of React Router over these sessions, so that code which was written for another one goes on as it is:
 * `getSession(request.headers.get('Cookie'))`, `commitSession(session)`, `destroySession(session)`.
 *
 * A session is read once, by `getSession`. `commitSession` writes what has changed since, key by key, also what was
 * changed in place; keys that it did not touch stay as other requests have left them. It gives the cookie, whether it is
 * new or not, and the empty text for a visitor without a session who has nothing to store. Throws a Response with 409
 * when the session was ended meanwhile, and with 503 when the store fails, for React Router's boundaries.
 *
 * Cookie and timeouts are those of `createSessions`; of the options of a call, only `maxAge` and `expires` count.
 */
export function sessionStorage<
  Data extends object,
  Env,
  Flash extends object,
  Methods extends object,
>(sessions: Sessions<Data, Env, Flash, Methods>, env: () => Env): SessionStorage<Data, Flash> {
  const states = new WeakMap<object, State>()

  async function open(cookieHeader: string): Promise<OwnSession> {
    // A cookie is all that there is of the request.
    const request = new Request('https://session.invalid/', { headers: { Cookie: cookieHeader } })
    return requestSessionOf(await sessions.open(request, env()))
  }

  /** What is known of a session. It can be written again: a visit is for one response. */
  async function stateOf(session: object): Promise<State> {
    const state = states.get(session)
    if (state === undefined) {
      throw new SessionError(
        'ERR_OPTION',
        'This session is not one that getSession() of this storage gave.',
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
  /** The entries as they are stored, as far as this request knows. */
  texts: Map<string, string>
  /** The values by key as the application sees them. */
  readonly values: Map<string, unknown>
  /** The keys that were set or unset, which are written whether they have changed or not. */
  readonly written: Set<string>
  /** After a commit, the cookie to go on with. */
  cookie: string | undefined
}

/** A value that the application may change. A text that can't be read back counts as absent, and is reported. */
function thawed({ dictionary, codec }: OwnSession, text: string): unknown {
  try {
    return codec.thaw === undefined ? (JSON.parse(text) as unknown) : codec.thaw(text)
  } catch {
    // Reports it.
    return dictionary.decode(text)
  }
}

/** A session as React Router defines it; its flash messages lie among the values, under names of their own. */
function newSession<Data, Flash>({ own, values, written }: State): RouterSession<Data, Flash> {
  const put = (name: string, value: unknown): void => {
    // A value that can't be stored is refused here, and not at the end.
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
    // The application vouches for the types of what it stores.
    get: get as RouterSession<Data, Flash>['get'],
    set: put,
    flash: (name, value) => put(flashName(name), value),
    unset: drop,
  }
}

function flashName(name: string): string {
  return `__flash_${name}__`
}

/** The key under which React Router has an entry. */
function keyOf(entry: string): string {
  const name = entry.slice(DATA.length)
  return entry.startsWith(FLASH) ? flashName(name) : name
}

/** The entry of such a key: messages rest where `session.flash` has them too, out of any schema's sight. */
function entryOf(key: string): string {
  const [, message] = /^__flash_([^]*)__$/.exec(key) ?? []
  return message === undefined ? DATA + key : FLASH + message
}

/** The stored form of a value. Throws `ERR_KEY` and `ERR_VALUE` as `session.set` does. */
function encoded({ dictionary, codec }: OwnSession, key: string, value: unknown): string {
  nameOf(key)
  const isMessage = entryOf(key).startsWith(FLASH)
  return isMessage ? codec.encode(key, value) : encodeChecked(dictionary, key, value)
}

/** Records what is to be written: each key by itself. */
function record({ own, texts, values, written }: State): void {
  const names = new Set([...texts.keys(), ...Array.from([...values.keys(), ...written], entryOf)])
  for (const name of names) {
    const key = keyOf(name)
    const value = values.get(key)
    const text = value === undefined ? null : encoded(own, key, value)
    const isChanged = text !== (texts.get(name) ?? null)
    if (isChanged || written.has(key)) own.dictionary.toChange().record(name, text)
    if (text === null) texts.delete(name)
    else texts.set(name, text)
  }
  written.clear()
}

/** Ends the session; what was recorded is dropped. */
async function end(own: OwnSession): Promise<void> {
  // Also after a commit that was refused, which has sealed the dictionary.
  own.dictionary.toRead().discard()
  try {
    await own.destroy()
  } catch (error) {
    throwAnswer(await fail(own, error))
  }
}

function throwAnswer(answer: Response | undefined): void {
  // React Router's own way to its boundaries.
  // oxlint-disable-next-line typescript/only-throw-error
  if (answer !== undefined) throw answer
}

/** Writes, and returns the cookie. */
async function finish(state: State, options: CookieOptions = {}): Promise<string> {
  const { own } = state
  throwAnswer(await settle(own))
  const setCookie = await cookieOf(own)
  state.cookie = setCookie.split(';', 1).join('')
  return setCookie === '' ? '' : withLifetime(setCookie, options)
}

/** The cookie, to be kept by the browser for as long as the caller says. */
function withLifetime(setCookie: string, { maxAge, expires }: CookieOptions): string {
  if (maxAge === undefined && expires === undefined) return setCookie
  const kept = setCookie.replaceAll(/; (Max-Age|Expires)=[^;]*/gi, '')
  const seconds = maxAge === undefined ? '' : `; Max-Age=${Math.floor(maxAge)}`
  return `${kept}${seconds}${expires === undefined ? '' : `; Expires=${expires.toUTCString()}`}`
}
