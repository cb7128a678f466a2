import type { Forms } from './forms.ts'
import { page } from './frame.ts'
import { html, type Html } from './html.ts'

/** How forms are known to be this site's own. */
export function csrfSection(forms: Forms): Html {
  const token = forms.csrf === '' ? 'none without a session' : forms.csrf
  return html`
    <section aria-labelledby="csrf-title">
      <h2 id="csrf-title">CSRF</h2>
      <p>
        The browser says where a form comes from (<code>Sec-Fetch-Site</code>, <code>Origin</code>),
        and <code>csrfGuard</code> relies on it. For clients that send neither, each form carries a
        token of this session, spelled differently each time:
      </p>
      <p id="csrf" data-live><code class="csrf">${token}</code></p>
      <form action="${forms.base}/forged">
        <button>Send a forged cross-site request</button>
      </form>
    </section>
  `
}

/**
 * A page that plays another site: by its policy it has an origin of its own, so that the browser says of its form what it says
 * of any other site's (W3C: CSP sandbox).
 */
export function forgedPage(base: string): Response {
  return page(
    200,
    html`
      <section>
        <h2>You have won a prize</h2>
        <p>
          This page plays another site. It is sandboxed, so that the browser takes it for one: its
          form goes to <code>POST ${base}/set/note</code> as <code>Origin: null</code> and
          <code>Sec-Fetch-Site: cross-site</code>.
        </p>
        <form method="post" action="${base}/set/note">
          <input type="hidden" name="value" value="forged" />
          <button>Claim it</button>
        </form>
      </section>
      <footer><a href="${base}/">Back to the session</a></footer>
    `,
    'allow-forms',
  )
}
