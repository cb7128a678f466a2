import { readCookies } from '../../src/codec/cookie.ts'
import { BOUND_SECONDS, type Place } from '../sessions.ts'
import { heading } from './docs-page.ts'
import type { Forms } from './forms.ts'
import { time } from './frame.ts'
import { html, type Html } from './html.ts'

/** The state of the session's device, for the section. */
export interface BoundView {
  readonly request: Request
  /** `session.binding`, or `undefined` on a store without it. */
  readonly binding: string | undefined
  /** The time of the sign-in, or `undefined` if no user is signed in. */
  readonly signedInAt: Date | undefined
  readonly now: number
}

/** For this long after a sign-in, the page checks by itself for the browser's registration. */
const LOOK_MS = 60_000

const COPY = 'Send my cookie from another browser'

/** Shows whether the session is bound to its device, and tries a copy of its cookie. */
export function boundSection({ isAtomic }: Place, forms: Forms, view: BoundView): Html {
  return html`
    <section aria-labelledby="bound-title">
      ${heading('bound-title', 'Bound to this device', 'bound.md')}
      ${
        isAtomic
          ? html`<div id="bound" data-live>${content(forms, view)}</div>`
          : html`<p id="no-key">
                Workers KV cannot bind a session: the device’s key is kept in a Durable Object.
              </p>
              ${forms.button('/bound/copy', COPY, { disabledBy: 'no-key' })}`
      }
    </section>
  `
}

function content(forms: Forms, view: BoundView): Html {
  const { binding = 'none', request, signedInAt, now } = view
  const isFresh = signedInAt !== undefined && now - signedInAt.getTime() < LOOK_MS
  const isHttps = request.url.startsWith('https:')
  // A request that left before the browser had its cookie may find the session bound.
  const isAwaited =
    binding === 'pending' || (binding === 'bound' && cookieEnd(request) === undefined)
  const look = isAwaited && isFresh && isHttps ? html` data-look` : html``
  return html`
    <dl${look}>
      <dt>session.binding</dt>
      <dd><strong>${binding}</strong></dd>
      ${binding === 'bound' ? cookieTimes(request) : ''}
    </dl>
    <p class="quiet">${isHttps ? explanation(binding, signedInAt !== undefined) : HTTPS_NEEDED}</p>
    <div class="buttons">
      ${forms.button('/bound/copy', COPY)}
    </div>
  `
}

const HTTPS_NEEDED = html`Browsers bind sessions over https only. Stop the demo and start it with
  <code>npm start -- --https</code>.`

function explanation(binding: string, isSignedIn: boolean): Html {
  if (binding === 'bound') {
    return html`A copy of the session’s cookie is refused without the cookie of this device, and
    only the device’s key renews that one.`
  }
  if (!isSignedIn)
    return html`After a sign-in, a browser that supports it registers a key of its device.`
  return html`This browser has not registered a key${binding === 'pending' ? ' yet' : ''}. Chrome
    does on Windows; elsewhere, start Chromium with the flags that <code>npm start</code> prints.`
}

/** Returns when the device last proved its key, and until when that counts. */
function cookieTimes(request: Request): Html {
  const until = cookieEnd(request)
  if (until === undefined)
    return html`<dt>its cookie</dt>
      <dd>none</dd>`
  return html`
    <dt>last refresh</dt>
    <dd>${time(new Date(until - BOUND_SECONDS * 1000))}</dd>
    <dt>its cookie ends</dt>
    <dd>${time(new Date(until))}</dd>
  `
}

/** Returns when the device's cookie says it expires. Not verified, since it is only shown. */
function cookieEnd({ headers }: Request): number | undefined {
  const [cookie = ''] = readCookies(headers.get('Cookie'), '__Host-session-bound')
  const until = parseInt(cookie.split('.')[1] ?? '', 36)
  return Number.isNaN(until) ? undefined : until
}
