import { page } from './frame.ts'
import { html, type Html } from './html.ts'

/** The documents that the playground links, by their files in `docs/`: in the groups, and the order, of the README. */
export const DOCUMENT_GROUPS = [
  [
    'Start',
    [
      ['cli.md', 'The command line: init, secret, inspect'],
      ['frameworks.md', 'Frameworks: a recipe for each'],
      ['adapters.md', 'Adapters: options, guards and errors of each'],
    ],
  ],
  [
    'Users',
    [
      ['accounts.md', 'Accounts: sign in, sign out, list and end sessions'],
      ['remember-me.md', 'Remember me'],
    ],
  ],
  [
    'Data',
    [
      ['schema.md', 'Types, and data that is checked'],
      ['requests.md', 'Single requests: polls, messages, refusals, logs'],
    ],
  ],
  [
    'Stores',
    [
      ['stores.md', 'Stores: which one when'],
      ['engines.md', 'Redis, memcached, and several stores'],
    ],
  ],
  [
    'Pages and sockets',
    [
      ['caching.md', 'Caches, and the browser’s Back'],
      ['sockets.md', 'WebSockets and EventSource'],
      ['live.md', 'Sockets that end with their session'],
    ],
  ],
  [
    'Once and bound',
    [
      ['once.md', 'Once: one of all parallel requests'],
      ['bound.md', 'Sessions bound to their device'],
    ],
  ],
  [
    'Check',
    [
      ['security.md', 'Security'],
      ['testing.md', 'Testing an application, and other runtimes'],
      ['keys.md', 'Keys and their rotation'],
    ],
  ],
  [
    'Operate',
    [
      ['troubleshooting.md', 'Troubleshooting, by symptom'],
      ['observability.md', 'Logs and traces'],
      ['performance.md', 'Performance and cost'],
    ],
  ],
  [
    'Move',
    [
      ['moving-over.md', 'Moving over without signing anybody out'],
      ['migration.md', 'Code of another session library'],
      ['from-tornado.md', 'From Tornado, line by line'],
    ],
  ],
  [
    'Look up',
    [
      ['reference.md', 'Reference: every member, option and import'],
      ['storage-schema.md', 'What is stored where'],
    ],
  ],
] as const

type DocumentName = (typeof DOCUMENT_GROUPS)[number][1][number][0]

/** True if the playground shows a file of `docs/`. */
export function isDocument(name: string): boolean {
  return DOCUMENT_GROUPS.some(([, documents]) => documents.some(([file]) => file === name))
}

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
        <div class="documents">
          ${DOCUMENT_GROUPS.map(
            ([group, documents]) => html`
              <div>
                <h3>${group}</h3>
                <ul>
                  ${documents.map(
                    ([name, title]) => html`<li><a href="/docs/${name}">${title}</a></li>`,
                  )}
                </ul>
              </div>
            `,
          )}
        </div>
        <p class="quiet">The README of the repository says how to begin.</p>
      </section>
      <footer><a href="/">Back to the playground</a></footer>
    `,
  )
}
