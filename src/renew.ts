import { renewedSecret, type Token } from './codec/token.ts'
import { SessionError } from './errors.ts'
import { isGone } from './record/meta.ts'
import type { Feature, FeatureSession } from './request/feature.ts'

export interface RenewingOptions {
  /** Seconds after which a token in use is rotated. */
  readonly everySeconds: number
  /**
   * Seconds for which the previous token stays valid beside the new one, for parallel requests. Until then the token is
   * not rotated again, even if that is longer than `everySeconds`. Default 30, or `everySeconds` if that is less.
   */
  readonly graceSeconds?: number
}

/** As long as one page's requests take on a slow connection. */
const GRACE_SECONDS = 30

/**
 * Rotates a token in use at intervals, which limits the use of a stolen copy (OWASP: renewal timeout): `use:
 * [renewing({ everySeconds: 900 })]`. Throws `ERR_OPTION` for invalid durations. If the store is not atomic, the first
 * request throws it.
 */
export function renewing({
  everySeconds,
  graceSeconds = Math.min(GRACE_SECONDS, everySeconds),
}: RenewingOptions): Feature {
  const areFinite = Number.isFinite(everySeconds) && Number.isFinite(graceSeconds)
  if (!(areFinite && everySeconds > 0 && graceSeconds >= 0)) {
    throw new SessionError(
      'ERR_OPTION',
      'renewing(): everySeconds must be a number of seconds above 0, and graceSeconds 0 or more. Neither may be Infinity.',
    )
  }
  return {
    feature: 'renewing',
    context: { renew: everySeconds * 1000 },
    setUp(_env, { name, can }) {
      if (can.atomic) return
      throw new SessionError(
        'ERR_OPTION',
        `renewing(): the ${name} store cannot renew a token in one step. Use durableObjectStore, or remove renewing().`,
      )
    },
    finish: (session) => (isDue(session) ? renew(session, graceSeconds * 1000) : undefined),
  }
}

function isDue({ state }: FeatureSession): boolean {
  return state.is === 'live' && state.status.renewal !== undefined
}

/** Rotates the token. If that fails, the next request tries again. */
async function renew(session: FeatureSession, grace: number): Promise<void> {
  const { state, settings, id } = session
  if (state.is !== 'live') return
  const { token, status } = state
  const secret = await renewed(session, token, grace).catch(() => undefined)
  if (secret === undefined) return
  session.state = {
    ...state,
    token: { ...token, secret },
    status: { ...status, renewal: undefined },
  }
  if (status.renewal === 'due') settings.emit({ type: 'renewed', id })
}

/**
 * Gives the session its next secret, and returns it, or `undefined` if that is not possible. During a rotation of the
 * keys, another machine may have renewed the same token with an older or newer key. The store confirms the same secret
 * again and refuses any other, so each key is tried.
 */
async function renewed(
  session: FeatureSession,
  token: Token,
  grace: number,
): Promise<string | undefined> {
  const { keyring, store } = session
  for (const { keyFor } of keyring) {
    // In sequence, since the first one usually succeeds.
    // oxlint-disable-next-line no-await-in-loop
    const secret = await renewedSecret(await keyFor('renewal'), token.secret)
    // oxlint-disable-next-line no-await-in-loop
    const reply = await session.call(store.name, 'regenerate', (context) =>
      store.regenerate(token, context, { secret, grace }),
    )
    if (reply.ok) return secret
    if (!isGone(reply) || reply.gone !== 'rotated') return undefined
  }
  return undefined
}
