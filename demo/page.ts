import type { Data } from './data.ts'
import { page, time } from './frame.ts'
import { html, type Html } from './html.ts'

/** What there is to see of a session. */
export interface SessionView {
  readonly id: string
  readonly isNew: boolean
  readonly createdAt: Date | null
  readonly expiresAt: Date | null
  readonly data: { readonly [K in keyof Data]?: unknown }
}

const STORES = [
  { base: '', name: 'Durable Objects' },
  { base: '/kv', name: 'Workers KV' },
] as const

/** What the page of a session shows. */
export interface SessionPage {
  readonly view: SessionView
  readonly flashes: Readonly<Record<string, unknown>>
  readonly userId: string | undefined
}

/** The page of one session, with a form for each operation. */
export function sessionPage(base: string, { view, flashes, userId }: SessionPage): Response {
  return page(
    200,
    html`
      <nav aria-label="Store">${STORES.map((store) => storeLink(store, base))}</nav>
      ${Object.entries(flashes).map(flashMessage)}
      <p class="user">${userLine(base, userId)}</p>
      <section>
        <h2>Session</h2>
        <dl>
          <dt>id</dt>
          <dd><code>${view.id}</code></dd>
          <dt>is new</dt>
          <dd>${view.isNew ? 'yes: nothing is stored, no cookie is set' : 'no'}</dd>
          <dt>created</dt>
          <dd>${time(view.createdAt)}</dd>
          <dt>expires</dt>
          <dd>${time(view.expiresAt)}</dd>
        </dl>
      </section>
      <section>
        <h2>Dictionary</h2>
        ${dictionary(base, view.data)}
      </section>
      <section>
        <h2>Change it</h2>
        <div class="forms">
          ${setForm(base, 'note', 'Milk, and bread')}${setForm(base, 'user', 'Ada')}
          ${setForm(base, 'state', 'a one-time token')}${setForm(base, 'cart', 'apple, pear')}
          ${valueForm(`${base}/flash/notice`, "flash('notice', …)", 'Saved')}
        </div>
      </section>
      <section>
        <h2>Atomic</h2>
        ${base === '' ? html`` : html`<p>KV has no atomic operation, so the library refuses these here.</p>`}
        <div class="buttons">
          ${buttonForm(`${base}/increment/visits`, "increment('visits')")}
          ${buttonForm(`${base}/increment/visits?by=10`, "increment('visits', 10)")}
          ${buttonForm(`${base}/take/state`, "take('state')")}
        </div>
        <div class="forms">${valueForm(`${base}/update/cart`, "update('cart', …)", 'plum')}</div>
      </section>
      <section>
        <h2>The whole session</h2>
        <div class="buttons">
          ${buttonForm(`${base}/regenerate`, 'regenerate()')}
          ${buttonForm(`${base}/clear`, 'clear()')} ${buttonForm(`${base}/destroy`, 'destroy()')}
        </div>
      </section>
      <footer>
        The same as JSON: <a href="${base}/session"><code>GET ${base}/session</code></a>
      </footer>
    `,
  )
}

function userLine(base: string, userId: string | undefined): Html {
  return userId === undefined
    ? html`Nobody is signed in. <a href="${base}/login">Sign in</a>`
    : html`Signed in as <strong>${userId}</strong>. <a href="${base}/account">Devices, sign out</a>`
}

function storeLink({ base, name }: (typeof STORES)[number], current: string): Html {
  const href = `${base}/`
  return base === current
    ? html`<a href="${href}" aria-current="page">${name}</a>`
    : html`<a href="${href}">${name}</a>`
}

function flashMessage([key, message]: readonly [string, unknown]): Html {
  return html`<p class="flash" role="status"><strong>${key}</strong> ${shown(message)}</p>`
}

function dictionary(base: string, data: SessionView['data']): Html {
  const rows = Object.entries(data).map(
    ([key, value]) => html`
      <tr>
        <th scope="row">${key}</th>
        <td><code>${JSON.stringify(value)}</code></td>
        <td>${buttonForm(`${base}/delete/${encodeURIComponent(key)}`, 'delete')}</td>
      </tr>
    `,
  )
  return rows.length === 0
    ? html`<p>Empty.</p>`
    : html`<table>
        <tbody>
          ${rows}
        </tbody>
      </table>`
}

function setForm(base: string, key: keyof Data, example: string): Html {
  return valueForm(`${base}/set/${key}`, `set('${key}', …)`, example)
}

function valueForm(action: string, label: string, example: string): Html {
  return html`<form method="post" action="${action}">
    <input name="value" aria-label="${label}" placeholder="${example}" required />
    <button>${label}</button>
  </form>`
}

function buttonForm(action: string, label: string): Html {
  return html`<form method="post" action="${action}"><button>${label}</button></form>`
}

function shown(message: unknown): string {
  return typeof message === 'string' ? message : JSON.stringify(message)
}
