import type { UserSession } from '../src/index.ts'
import { page, time } from './frame.ts'
import { html, type Html } from './html.ts'

interface LoginPage {
  readonly next: string
  readonly csrf: string
}

/** The form to sign in with. */
export function loginPage(base: string, { next, csrf }: LoginPage): Response {
  return page(
    200,
    html`
      <section>
        <h2>Sign in</h2>
        <p>This is a demo: any name will do, and there is no password.</p>
        <form class="card" method="post" action="${base}/login">
          ${hidden('csrf', csrf)}${hidden('next', next)}
          <label>Name <input name="name" autocomplete="username" maxlength="64" required /></label>
          <label>This device <input name="label" maxlength="64" placeholder="Ada’s phone" /></label>
          <button>Sign in</button>
        </form>
      </section>
      <footer><a href="${base}/">Back to the session</a></footer>
    `,
  )
}

interface AccountPage {
  readonly userId: string
  readonly authenticatedAt: Date
  readonly sessions: readonly UserSession[]
  readonly csrf: string
}

/** Who is signed in, and where else. */
export function accountPage(
  base: string,
  { userId, authenticatedAt, sessions, csrf }: AccountPage,
): Response {
  return page(
    200,
    html`
      <section>
        <h2>Account</h2>
        <dl>
          <dt>user</dt>
          <dd>${userId}</dd>
          <dt>signed in</dt>
          <dd>${time(authenticatedAt)}</dd>
        </dl>
      </section>
      <section>
        <h2>Devices</h2>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">Device</th>
                <th scope="col">Signed in</th>
                <th scope="col">Last seen</th>
                <th scope="col">Expires</th>
                <td></td>
              </tr>
            </thead>
            <tbody>
              ${sessions.map((session) => deviceRow(base, session, csrf))}
            </tbody>
          </table>
        </div>
        <div class="buttons">
          ${buttonForm(`${base}/sessions/revoke-others`, 'End all others', csrf)}
          ${buttonForm(`${base}/sessions/revoke-all`, 'End all', csrf)}
          ${buttonForm(`${base}/logout`, 'Sign out', csrf)}
        </div>
      </section>
      <footer>
        <a href="${base}/">Back to the session</a>. The same as JSON:
        <code>curl -H 'Accept: application/json'</code>
      </footer>
    `,
  )
}

function deviceRow(base: string, session: UserSession, csrf: string): Html {
  const { id, label, userAgent, country, createdAt, lastSeenAt, expiresAt, isCurrent } = session
  const about = [userAgent, country].filter((text) => text !== undefined).join(', ')
  return html`
    <tr>
      <th scope="row">
        ${label ?? 'Unnamed'}${isCurrent ? ' (this one)' : ''}<br /><small>${about}</small>
      </th>
      <td>${time(createdAt)}</td>
      <td>${time(lastSeenAt)}</td>
      <td>${time(expiresAt)}</td>
      <td>${buttonForm(`${base}/sessions/${encodeURIComponent(id)}/revoke`, 'End', csrf)}</td>
    </tr>
  `
}

function buttonForm(action: string, label: string, csrf: string): Html {
  return html`<form method="post" action="${action}">
    ${hidden('csrf', csrf)}<button>${label}</button>
  </form>`
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}
