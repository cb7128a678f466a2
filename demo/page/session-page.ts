import type { LaneReport } from '../lab/lanes.ts'
import { type Place, PLACES } from '../sessions.ts'
import type { TokenView } from '../token-view.ts'
import { type Account, accountSection } from './account-section.ts'
import { boundSection } from './bound-section.ts'
import { costBar } from './cost-line.ts'
import { csrfSection } from './csrf-section.ts'
import { dictionarySection } from './dictionary-section.ts'
import { Forms } from './forms.ts'
import { cookieNotice, page } from './frame.ts'
import { html, type Html } from './html.ts'
import { labSection } from './lab-section.ts'
import { liveSection } from './live-section.ts'
import { onceSection } from './once-section.ts'
import { sessionSection, type SessionView } from './session-section.ts'
import { startSection } from './start-section.ts'
import { tokenSection, type TokenTry } from './token-section.ts'

/** The content of a session's page. */
export interface SessionPage {
  readonly request: Request
  readonly now: number
  readonly view: SessionView
  readonly flashes: Readonly<Record<string, unknown>>
  readonly account: Account | undefined
  /** `session.binding`, or `undefined` on a store without it. */
  readonly binding: string | undefined
  readonly csrf: string
  readonly token: TokenView | undefined
  /** True if the browser has not sent the cookie that the last click set. */
  readonly isCookieLost: boolean
  /** The result of trying another token. */
  readonly tried?: TokenTry
  /** The results of the race lab. */
  readonly reports?: readonly LaneReport[]
}

/** Returns the whole playground, on one store. */
export function sessionPage(place: Place, shown: SessionPage): Response {
  const { request, now, view, flashes, account, binding, token, tried, reports } = shown
  const forms = new Forms(place.base, shown.csrf)
  return page(
    200,
    html`
      <nav aria-label="Store">${PLACES.map((other) => storeLink(other, place))}</nav>
      <p class="intro">
        A playground for server-side sessions on Cloudflare Workers: your own session, live, and
        what each click costs. <a href="/docs/">Read the docs</a>
      </p>
      <div class="messages">
        <div id="alert" role="alert"></div>
        ${cookieNotice(request, shown.isCookieLost)}
        <div id="flashes" data-live role="status">${Object.entries(flashes).map(flashMessage)}</div>
      </div>
      ${startSection(forms, view, account)} ${labSection(forms, reports)}
      <div class="columns">
        <div>
          ${sessionSection(view, now)} ${dictionarySection(place, forms, view.data)}
          ${onceSection(place, forms)} ${liveSection(place, !view.isNew)}
        </div>
        <div>
          ${tokenSection(forms, { token, isLive: !view.isNew, tried })}
          ${accountSection(forms, account)}
          ${boundSection(place, forms, { request, binding, signedInAt: account?.authenticatedAt, now })}
          ${csrfSection(forms, view.data)}
        </div>
      </div>
      <footer>
        <p>
          Every form works without JavaScript, too. The same as JSON:
          <a href="${place.base}/session"><code>GET ${place.base}/session</code></a>
        </p>
        <p>
          A poll, which does not count as use:
          <a href="${place.base}/poll"><code>GET ${place.base}/poll</code></a>
        </p>
        <p data-scripted hidden>
          <label
            ><input type="checkbox" id="watch" /> Look again every 5 seconds. Each look is a use of
            the session.</label
          >
        </p>
      </footer>
      ${costBar(request)}
      <p id="announcement" class="unseen" role="status"></p>
    `,
  )
}

function storeLink({ base, name }: Place, current: Place): Html {
  const href = `${base}/`
  return base === current.base
    ? html`<a href="${href}" aria-current="page">${name}</a>`
    : html`<a href="${href}">${name}</a>`
}

function flashMessage([key, message]: readonly [string, unknown]): Html {
  const text = typeof message === 'string' ? message : JSON.stringify(message)
  return html`<p class="flash"><strong>${key}</strong> ${text}</p>`
}
