import { SessionError } from '../errors.ts'
import type { FeatureSession } from '../request/feature.ts'
import type { RequestLike } from '../request/request-like.ts'
import type { Algorithm } from './proof.ts'

export interface BoundOptions {
  /**
   * The paths of the two endpoints, which no route of the application may use. Default `/dbsc/register` and
   * `/dbsc/refresh`. Each session layer of an application needs its own.
   */
  readonly paths?: { readonly register?: string; readonly refresh?: string }
  /**
   * The seconds for which the device's cookie is valid, and for which a stolen one works. Default 600. Chromium 156
   * renews it with a request in its last 120 seconds, or with each request if it is not valid longer than that. It
   * signs at most six times in nine minutes per site, including registrations. Below 210 seconds, a page in constant
   * use exceeds that, and its requests are sent without the cookie.
   */
  readonly cookieSeconds?: number
  /**
   * False to only observe: `requireBound` accepts every request, and reports those that it would refuse. Default true.
   */
  readonly enforce?: boolean
  /** The accepted key algorithms, the preferred one first. Default `['ES256']`. */
  readonly algorithms?: readonly [Algorithm, ...Algorithm[]]
  /**
   * Returns false to limit the rate of requests to the endpoints, such as `async ({ headers }, env) => (await
   * env.LIMITER.limit({ key: headers.get('cf-connecting-ip') ?? '' })).success`. Such a request gets 503, because a 429
   * would end the session in the browser. Default: no limit.
   */
  readonly allow?: (request: RequestLike, env: never) => boolean | Promise<boolean>
}

export interface BoundSettings {
  readonly paths: { readonly register: string; readonly refresh: string }
  readonly cookieSeconds: number
  readonly enforce: boolean
  readonly algorithms: readonly Algorithm[]
  readonly allow: NonNullable<BoundOptions['allow']>
}

const PATH = /^\/[\w\-./~]{1,200}$/

/** True for a path that browsers do not change: `//a` is another host, and `/a/../b` becomes `/b`. */
function isPath(path: string): boolean {
  return PATH.test(path) && new URL(path, 'https://a').pathname === path
}

/** Returns the options with their defaults. Throws `ERR_OPTION` if one is invalid. */
export function boundSettings({
  paths: { register = '/dbsc/register', refresh = '/dbsc/refresh' } = {},
  cookieSeconds = 600,
  enforce = true,
  algorithms = ['ES256'],
  allow = () => true,
}: BoundOptions): BoundSettings {
  const settings = { paths: { register, refresh }, cookieSeconds, enforce, algorithms, allow }
  if (canWork(settings)) return settings
  throw new SessionError(
    'ERR_OPTION',
    "bound(): paths must be two different paths, cookieSeconds 1 to 86400, algorithms a list of 'ES256' or 'RS256', and allow a function.",
  )
}

function canWork({ paths, cookieSeconds, algorithms, allow }: BoundSettings): boolean {
  const { register, refresh } = paths
  const arePaths = isPath(register) && isPath(refresh) && register !== refresh
  const isTime = Number.isInteger(cookieSeconds) && cookieSeconds > 0 && cookieSeconds <= 86_400
  const isList = Array.isArray(algorithms) && algorithms.length > 0
  const areKnown = isList && algorithms.every((each) => /^[ER]S256$/.test(each))
  return arePaths && isTime && areKnown && typeof allow === 'function'
}

/** Throws `ERR_OPTION` for a cookie that browsers do not accept for a bound session. */
export function checkBoundCookie({ cookie }: FeatureSession['settings']): void {
  if (cookie.secure && !cookie.partitioned) return
  throw new SessionError('ERR_OPTION', 'bound() needs a cookie that is secure and not partitioned.')
}
