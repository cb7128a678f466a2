import type { Adopted } from './adopt/content.ts'
import { OldCookies } from './adopt/old-cookies.ts'
import { SessionError } from './errors.ts'
import type { Adoption } from './migrate/adoption.ts'
import type { Feature } from './request/feature.ts'

export type { Adopted }

/**
 * Takes over the sessions of old applications: `use: [adopting(tornadoCookie({ … }))]`. If a visitor has such a cookie
 * and no token of ours, the first use of the session checks the cookie. The result of its `load` becomes a session, one
 * for each old cookie, and the cookie is cleared. Throws `ERR_OPTION` for an argument that is not an adoption. If the
 * store cannot adopt, the first request throws it.
 */
export function adopting<Env, Data extends object = Record<string, unknown>>(
  ...adoptions: readonly Adoption<Env, Adopted<Data>>[]
): Feature {
  if (adoptions.length === 0 || !adoptions.every((adoption) => typeof adoption === 'function')) {
    throw new SessionError(
      'ERR_OPTION',
      'adopting() takes the results of tornadoCookie, expressCookie or adoption.',
    )
  }
  return {
    feature: 'adopting',
    setUp(_env, { name, can }) {
      if (can.adopt) return
      throw new SessionError(
        'ERR_OPTION',
        `adopting(): the ${name} store has no handleFor. Use durableObjectStore, or remove adopting().`,
      )
    },
    arrive(session) {
      const header = session.request.headers.get('cookie')
      if (header === null) return undefined
      const takeovers = adoptions.map((adoption) => adoption(session.env as Env))
      const cookies = new OldCookies(takeovers, header)
      return cookies.isPending ? () => cookies.settle(session) : undefined
    },
  }
}
