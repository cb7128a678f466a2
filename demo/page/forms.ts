import { SHOW_COST } from '../click.ts'
import { html, type Html } from './html.ts'

/** The forms of one store's pages. Each includes the session's CSRF token, and asks for its cost. */
export class Forms {
  readonly base: string
  readonly csrf: string

  constructor(base: string, csrf: string) {
    this.base = base
    this.csrf = csrf
  }

  /** Returns a form that posts its content. */
  form(path: string, content: Html, className = ''): Html {
    const action = `${this.base}${path}${path.includes('?') ? '&' : '?'}${SHOW_COST}`
    return html`<form class="${className}" method="post" action="${action}">
      ${hidden('csrf', this.csrf)}${content}
    </form>`
  }

  /** Returns a form that is a button. Afterwards the same page is shown again. */
  button(path: string, label: string, look: ButtonLook = {}): Html {
    const { name, className = '', disabledBy = '' } = look
    const fullName = name === undefined ? html`` : html`aria-label="${name}"`
    const next = hidden('next', `${this.base}/`)
    return this.form(
      path,
      html`${next}<button class="${className}" ${fullName} ${disabled(disabledBy)}>
          ${label}
        </button>`,
    )
  }

  /** Returns a form with one text field. */
  text(path: string, form: TextForm): Html {
    const { label, button, name, value = '', example = '', disabledBy = '' } = form
    return this.form(
      path,
      html`<input
          name="value"
          aria-label="${label}"
          value="${value}"
          placeholder="${example}"
          maxlength="2000"
          autocomplete="off"
          required
          ${disabled(disabledBy)}
        /><button aria-label="${name}" ${disabled(disabledBy)}>${button}</button>`,
      'joined',
    )
  }
}

interface ButtonLook {
  /** The button's accessible name. Default: its label. */
  readonly name?: string
  readonly className?: 'primary' | 'danger'
  /** The id of the text that says why the button is disabled. */
  readonly disabledBy?: string
}

interface TextForm {
  readonly label: string
  readonly button: string
  /** The button's accessible name, for users who do not see its surroundings. */
  readonly name: string
  readonly value?: string
  readonly example?: string
  /** The id of the text that says why the form is disabled. */
  readonly disabledBy?: string
}

function disabled(reasonId: string): Html {
  return reasonId === '' ? html`` : html`disabled aria-describedby="${reasonId}"`
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}" />`
}
