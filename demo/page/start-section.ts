import type { Account } from './account-section.ts'
import { type Forms, hidden } from './forms.ts'
import { html, type Html } from './html.ts'
import type { SessionView } from './session-section.ts'

const NOTES = ['Milk, and bread', 'Call Grace', 'Water the plants'] as const

/** Returns the first steps, and the state of the session. */
export function startSection(
  forms: Forms,
  { isNew, data }: SessionView,
  account: Account | undefined,
): Html {
  const note = NOTES[(NOTES.findIndex((each) => each === data.note) + 1) % NOTES.length] ?? ''
  return html`
    <section class="start" aria-labelledby="start-title">
      <h2 id="start-title">Start here</h2>
      <p id="state" data-live role="status">${stateText(isNew, account)}</p>
      <div id="start" data-live>
        ${forms.form(
          '/set/note',
          html`${hidden('value', note)}<button class="${isNew ? 'primary' : ''}">
              Store something
            </button>`,
        )}
      </div>
    </section>
  `
}

function stateText(isNew: boolean, account: Account | undefined): string {
  if (isNew) return 'No session yet: nothing is stored, and no cookie is set.'
  const user = account === undefined ? '' : ` Its user is ${account.userId}.`
  return `You have a session: the server keeps it, and your browser has its cookie.${user}`
}
