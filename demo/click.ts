import type { CookieChange, Cost } from './cost.ts'

/** The cost of a click, as shown on the next page. */
export interface Click extends Cost {
  readonly path: string
}

/** In a form's action: show the click's cost on the next page. */
export const SHOW_COST = 'show=cost'
const PARAMETER = 'click'
const CHANGES: readonly CookieChange[] = ['none', 'set', 'cleared']
const PATH = /^\/[\w/%.~-]{0,200}$/
const CALL = /^[a-zA-Z]{1,12}(\.[a-zA-Z]{1,12})?$/
const MAX_CALLS = 20

/**
 * Returns where to go after a click: the same place, with the cost in the address if the form asked for it. So neither
 * the session nor a cookie has to store it.
 */
export function locationWithCost(request: Request, location: string, cost: Cost): string {
  const { searchParams, pathname, origin } = new URL(request.url)
  const target = new URL(location, origin)
  if (searchParams.get('show') !== 'cost' || target.origin !== origin) return location
  const calls = cost.calls.slice(0, MAX_CALLS).join('+')
  target.searchParams.set(PARAMETER, [pathname, calls, cost.cookie].join(' '))
  return target.pathname + target.search
}

/** Returns the click described in an address, or `undefined` if there is none or it is invalid. */
export function clickIn(url: string): Click | undefined {
  const [path = '', list = '', change] = (new URL(url).searchParams.get(PARAMETER) ?? '').split(' ')
  const calls = list === '' ? [] : list.split('+')
  const cookie = CHANGES.find((candidate) => candidate === change)
  const isRight = PATH.test(path) && calls.length <= MAX_CALLS && calls.every(isCall)
  return isRight && cookie !== undefined ? { path, calls, cookie } : undefined
}

/**
 * True if a click set a cookie that the next request did not send. The next page may be the sign-in page, whose address
 * contains the page's address.
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
