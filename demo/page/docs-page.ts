import { page } from './frame.ts'
import { html, type Html } from './html.ts'

/** The documents that the playground links, by their file in `docs/`. */
export const DOCUMENTS = [
  ['accounts.md', 'Accounts: sign in, sign out, list and end sessions'],
  ['requests.md', 'Single requests'],
  ['stores.md', 'Stores: which one when'],
  ['once.md', 'once(): one of all parallel requests'],
  ['remember-me.md', 'Remember me'],
  ['live.md', 'Live: what happens to a session, told to its tabs'],
  ['sockets.md', 'WebSockets and EventSource'],
  ['bound.md', 'Sessions bound to their device'],
  ['caching.md', 'Caches'],
  ['schema.md', 'Checked data'],
  ['security.md', 'Security'],
  ['keys.md', 'Keys and their rotation'],
  ['testing.md', 'Testing an application'],
  ['performance.md', 'Performance and cost'],
  ['observability.md', 'Logs and traces'],
  ['troubleshooting.md', 'Troubleshooting, by symptom'],
  ['moving-over.md', 'Moving over from another framework'],
] as const

type DocumentName = (typeof DOCUMENTS)[number][0]

/** Returns a section's heading, with a link to its documentation. */
export function heading(id: string, text: string, name: DocumentName): Html {
  return html`<div class="heading">
    <h2 id="${id}">${text}</h2>
    <a href="/docs/${name}" aria-label="Docs: ${text}">Docs</a>
  </div>`
}

/** Returns the list of documents. */
export function docsPage(): Response {
  return page(
    200,
    html`
      <section>
        <h2>Documentation</h2>
        <ul>
          ${DOCUMENTS.map(([name, title]) => html`<li><a href="/docs/${name}">${title}</a></li>`)}
        </ul>
        <p class="quiet">The README of the repository says how to begin.</p>
      </section>
      <footer><a href="/">Back to the playground</a></footer>
    `,
  )
}
