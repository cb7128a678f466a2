import type { UserSession } from '../../src/accounts.ts'
import { heading } from './docs-page.ts'
import { type Forms, hidden } from './forms.ts'
import { time } from './frame.ts'
import { html, type Html } from './html.ts'

/** The signed-in user, and the user's sessions. */
export interface Account {
  readonly userId: string
  readonly authenticatedAt: Date
  readonly sessions: readonly UserSession[]
}

/** Signing in and out, and the user's devices. */
export function accountSection(forms: Forms, account: Account | undefined): Html {
  return html`
    <section aria-labelledby="account-title">
      ${heading('account-title', 'Account', 'accounts.md')}
      <div id="account" data-live>
        ${
          account === undefined
            ? html`<p>No one is signed in. Any name will do, and there is no password.</p>
                ${loginForm(forms, `${forms.base}/`)}
                <p class="quiet">
                  Sign in with a second browser, or a private window, and end it from here.
                </p>`
            : html`${accountFacts(account)} ${deviceList(forms, account.sessions)}`
        }
      </div>
    </section>
  `
}

/** Returns the sign-in form. `next` is where to go afterwards. */
export function loginForm(forms: Forms, next: string): Html {
  return forms.form(
    '/login',
    html`${hidden('next', next)}
      <label>Name <input name="name" autocomplete="username" maxlength="64" required /></label>
      <label>This device <input name="label" maxlength="64" placeholder="Ada’s phone" /></label>
      <label class="check">
        <input type="checkbox" name="remember" /> Stay signed in for 30 days
      </label>
      <button class="primary">Sign in</button>`,
    'card',
  )
}

export function accountFacts({ userId, authenticatedAt }: Account): Html {
  return html`<p>Signed in as <strong>${userId}</strong>, since ${time(authenticatedAt)}.</p>`
}

/** Returns the user's sessions, each with a button that ends it. */
export function deviceList(forms: Forms, sessions: readonly UserSession[]): Html {
  return html`
    <h3>Devices</h3>
    <ul class="devices">
      ${sessions.map((session) => deviceItem(forms, session))}
    </ul>
    <div class="buttons">
      ${forms.button('/logout', 'Sign out')}
      ${forms.button('/logout?flash', 'signOut() and flash()')}
      ${forms.button('/sessions/revoke-others', 'End all others', { className: 'danger' })}
      ${forms.button('/sessions/revoke-all', 'End all', { className: 'danger' })}
    </div>
  `
}

function deviceItem(forms: Forms, session: UserSession): Html {
  const { id, label = 'Unnamed', userAgent, country, createdAt, lastSeenAt } = session
  const { isCurrent, isBound } = session
  const about = [userAgent, country].filter((text) => text !== undefined).join(', ')
  return html`
    <li>
      <div>
        <strong>${label}</strong>${isCurrent ? ' (this one)' : ''}${isBound ? ', bound' : ''}
        <small>signed in ${time(createdAt)}, last seen ${time(lastSeenAt)}</small>
        <small class="agent" title="${about}">${about}</small>
      </div>
      ${forms.button(`/sessions/${encodeURIComponent(id)}/revoke`, 'End this one', {
        name: `End this one: ${label}`,
        className: 'danger',
      })}
    </li>
  `
}
