import { type Data, FIELDS } from '../data.ts'
import type { Place } from '../sessions.ts'
import { heading } from './docs-page.ts'
import type { Forms } from './forms.ts'
import { html, type Html } from './html.ts'
import type { SessionView } from './session-section.ts'

const KEYS = ['note', 'user', 'cart', 'visits', 'state'] as const

type Dictionary = SessionView['data']

/** Returns the dictionary as a table: each key with its value to edit, and its atomic operations. */
export function dictionarySection(place: Place, forms: Forms, data: Dictionary): Html {
  const disabledBy = place.isAtomic ? '' : 'not-atomic'
  return html`
    <section aria-labelledby="dictionary-title">
      ${heading('dictionary-title', 'Dictionary', 'requests.md')}
      <div id="dictionary" data-live>
        <table class="dictionary" role="table">
          <thead role="rowgroup">
            <tr role="row">
              <th scope="col" role="columnheader">Key</th>
              <th scope="col" role="columnheader">Value</th>
              <th scope="col" role="columnheader">In one step</th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            ${KEYS.map((key) => row(forms, { key, data, disabledBy }))}
          </tbody>
        </table>
        ${
          place.isAtomic
            ? html`<p class="quiet">
                The operations in the last column are atomic: they lose nothing, however many
                requests overlap.
              </p>`
            : html`<p id="not-atomic">
                Workers KV has no atomic operation. Increment, update and take are disabled here:
                they need Durable Objects.
              </p>`
        }
        <div class="buttons">
          ${forms.button('/regenerate', 'regenerate()')}
          ${forms.button('/clear', 'clear()', { className: 'danger' })}
          ${forms.button('/destroy', 'destroy()', { className: 'danger' })}
        </div>
        ${forms.text('/flash/notice', {
          label: 'A flash message',
          button: 'flash',
          name: 'flash a notice',
          example: 'Saved: shown once, on the next page',
        })}
      </div>
    </section>
  `
}

interface Row {
  readonly key: keyof Data
  readonly data: Dictionary
  /** The id of the text that says why the operations are disabled, or `''`. */
  readonly disabledBy: string
}

function row(forms: Forms, { key, data, disabledBy }: Row): Html {
  const isSet = Object.hasOwn(data, key)
  const value = isSet ? data[key] : undefined
  // Without the roles, screen readers do not see a table where a phone shows its cells as blocks.
  return html`
    <tr data-key="${key}" role="row">
      <th scope="row" role="rowheader">${key}</th>
      <td role="cell">
        ${forms.text(`/set/${key}`, {
          label: `The value of ${key}`,
          button: 'set',
          name: `set ${key}`,
          value: isSet ? FIELDS[key].toText(value) : '',
          example: FIELDS[key].example,
        })}
        ${isSet ? html`<code class="json">${JSON.stringify(value)}</code>` : html`<small>not set</small>`}
      </td>
      <td role="cell">
        <div class="buttons">
          ${steps(forms, key, disabledBy)}${
            isSet
              ? forms.button(`/delete/${key}`, 'delete', {
                  name: `delete ${key}`,
                  className: 'danger',
                })
              : html``
          }
        </div>
      </td>
    </tr>
  `
}

function steps(forms: Forms, key: keyof Data, disabledBy: string): Html {
  if (key === 'visits') {
    return html`${forms.button('/increment/visits', '+1', { name: 'visits +1', disabledBy })}
    ${forms.button('/increment/visits?by=10', '+10', { name: 'visits +10', disabledBy })}`
  }
  if (key === 'cart') {
    return forms.text('/update/cart', {
      label: 'One more item',
      button: 'add',
      name: 'add to cart',
      example: 'plum',
      disabledBy,
    })
  }
  if (key !== 'state') return html``
  return forms.button('/take/state', 'take', { name: 'take state', disabledBy })
}
