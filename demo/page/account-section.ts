import type { UserSession } from '../../src/index.ts'
import { type Forms, hidden } from './forms.ts'
import { time } from './frame.ts'
import { html, type Html } from './html.ts'

/** Who is signed in, and where else. */
export interface Account {
  readonly userId: string
  readonly authenticatedAt: Date
  readonly sessions: readonly UserSession[]
}

/** Signing in and out, and the user's devices. */
export function accountSection(forms: Forms, account: Account | undefined): Html {
  return html`
    <section aria-labelledby="account-title">
      <h2 id="account-title">Account</h2>
      <div id="account" data-live>
        ${
          account === undefined
            ? html`<p>Nobody is signed in. Any name will do, and there is no password.</p>
                ${loginForm(forms, `${forms.base}/`)}
                <p class="quiet">
                  Sign in with a second browser, or a private window, and end it from here.
                </p>`
            : html`${accountFacts(account)} ${deviceTable(forms, account.sessions)}`
        }
      </div>
    </section>
  `
}

/** The form to sign in with; `next` is where to go then. */
export function loginForm(forms: Forms, next: string): Html {
  return forms.form(
    '/login',
    html`${hidden('next', next)}
      <label>Name <input name="name" autocomplete="username" maxlength="64" required /></label>
      <label>This device <input name="label" maxlength="64" placeholder="Ada’s phone" /></label>
      <button>Sign in</button>`,
    'card',
  )
}

export function accountFacts({ userId, authenticatedAt }: Account): Html {
  return html`<p>Signed in as <strong>${userId}</strong>, since ${time(authenticatedAt)}.</p>`
}

/** The user's sessions, each with a button that ends it. */
export function deviceTable(forms: Forms, sessions: readonly UserSession[]): Html {
  return html`
    <table class="devices">
      <thead>
        <tr>
          <th scope="col">Device</th>
          <th scope="col">Signed in</th>
          <th scope="col">Last seen</th>
          <td></td>
        </tr>
      </thead>
      <tbody>
        ${sessions.map((session) => deviceRow(forms, session))}
      </tbody>
    </table>
    <div class="buttons">
      ${forms.button('/sessions/revoke-others', 'End all others')}
      ${forms.button('/sessions/revoke-all', 'End all')} ${forms.button('/logout', 'Sign out')}
    </div>
  `
}

function deviceRow(forms: Forms, session: UserSession): Html {
  const { id, label, userAgent, country, createdAt, lastSeenAt, isCurrent } = session
  const about = [userAgent, country].filter((text) => text !== undefined).join(', ')
  return html`
    <tr>
      <th scope="row">
        ${label ?? 'Unnamed'}${isCurrent ? ' (this one)' : ''}<small>${about}</small>
      </th>
      <td data-label="Signed in">${time(createdAt)}</td>
      <td data-label="Last seen">${time(lastSeenAt)}</td>
      <td>
        ${forms.button(`/sessions/${encodeURIComponent(id)}/revoke`, 'End this one', `End this one: ${label ?? 'Unnamed'}`)}
      </td>
    </tr>
  `
}
