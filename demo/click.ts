import type { CookieChange, Cost } from './cost.ts'

/** What a click has done, as the next page tells it. */
export interface Click extends Cost {
  readonly path: string
}

/** In a form's action it asks for the click's cost on the page that comes next. */
export const SHOW_COST = 'show=cost'
const PARAMETER = 'click'
const CHANGES: readonly CookieChange[] = ['none', 'set', 'cleared']
const PATH = /^\/[\w/%.~-]{0,200}$/
const CALL = /^[a-zA-Z]{1,12}(\.[a-zA-Z]{1,12})?$/
const MAX_CALLS = 20

/**
 * Where to go after a click: the same place, with the cost in the address where the form asked for it. So that neither the
 * session nor a cookie has to keep it.
 */
export function locationWithCost(request: Request, location: string, cost: Cost): string {
  const { searchParams, pathname, origin } = new URL(request.url)
  const target = new URL(location, origin)
  if (searchParams.get('show') !== 'cost' || target.origin !== origin) return location
  const calls = cost.calls.slice(0, MAX_CALLS).join('+')
  target.searchParams.set(PARAMETER, [pathname, calls, cost.cookie].join(' '))
  return target.pathname + target.search
}

/** The click that an address tells of; `undefined` where there is none, or something that no click can be. */
export function clickIn(url: string): Click | undefined {
  const [path = '', list = '', change] = (new URL(url).searchParams.get(PARAMETER) ?? '').split(' ')
  const calls = list === '' ? [] : list.split('+')
  const cookie = CHANGES.find((candidate) => candidate === change)
  const isRight = PATH.test(path) && calls.length <= MAX_CALLS && calls.every(isCall)
  return isRight && cookie !== undefined ? { path, calls, cookie } : undefined
}

/**
 * True if a click set a cookie that the next request did not send. The next page may be the sign-in, which has the address
 * of the page in its own.
 */
export function isCookieLost(request: Request, cookie: string | undefined): boolean {
  const { origin, searchParams } = new URL(request.url)
  const next = searchParams.get('next') ?? ''
  const asked = URL.canParse(next, origin) ? new URL(next, origin).href : request.url
  const click = clickIn(request.url) ?? clickIn(asked)
  return click?.cookie === 'set' && cookie === undefined
}

function isCall(call: string): boolean {
  return CALL.test(call)
}
