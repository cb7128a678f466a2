import { type Account, accountFacts, deviceList, loginForm } from './account-section.ts'
import type { Forms } from './forms.ts'
import { page } from './frame.ts'
import { html, type Html } from './html.ts'

/** Returns the sign-in page, for a route that requires it. */
export function loginPage(forms: Forms, next: string, notice: Html): Response {
  return page(
    200,
    html`
      ${notice}
      <section>
        <h2>Sign in</h2>
        <p>This is a demo: any name will do, and there is no password.</p>
        ${loginForm(forms, next)}
      </section>
      <footer><a href="${forms.base}/">Back to the session</a></footer>
    `,
  )
}

/** Returns the page with the signed-in user and the user's sessions. */
export function accountPage(forms: Forms, account: Account): Response {
  return page(
    200,
    html`
      <section>
        <h2>Account</h2>
        ${accountFacts(account)} ${deviceList(forms, account.sessions)}
      </section>
      <footer>
        <a href="${forms.base}/">Back to the session</a>. The same as JSON:
        <code>curl -H 'Accept: application/json'</code>
      </footer>
    `,
  )
}
