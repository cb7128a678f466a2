import { setTimeout as wait } from 'node:timers/promises'

/** A cookie that a browser keeps, as its own tools show it. */
export interface KeptCookie {
  readonly name: string
  readonly value: string
  readonly domain: string
  readonly path: string
  readonly secure: boolean
  readonly httpOnly: boolean
  /** When it expires, in seconds since 1970; `undefined` for a session cookie. */
  readonly expires: number | undefined
}

/** A page of a browser. */
export interface Tab {
  /** Goes to the address, and resolves when the page is loaded. */
  readonly goto: (url: string) => Promise<void>
  /** Returns what the expression gives in the page, a promise's value included; it is sent as JSON. */
  readonly evaluate: <T = unknown>(expression: string) => Promise<T>
  /** Resolves when the expression is true in the page, or in a page that comes after it. */
  readonly waitUntil: (expression: string) => Promise<void>
  /** Clicks in the middle of the element of this CSS selector, which has to be there. */
  readonly click: (selector: string) => Promise<void>
  /** Types into the field of this CSS selector, over what is there. */
  readonly fill: (selector: string, text: string) => Promise<void>
  /** Reloads the page. */
  readonly reload: () => Promise<void>
}

/** Somebody with cookies of their own. */
export interface Visitor {
  readonly newTab: () => Promise<Tab>
  /** The cookies of this visitor, of all sites; a partitioned one too. */
  readonly cookies: () => Promise<KeptCookie[]>
  /** Closes the tabs and forgets the cookies. */
  readonly close: () => Promise<void>
}

/** A real browser, as much of it as the tests use that run in more than one. */
export interface Driver {
  readonly newVisitor: () => Promise<Visitor>
  readonly close: () => Promise<void>
}

export type EngineName = 'Chromium' | 'Firefox'

/** How a driver starts: certificates are not checked, and names of `.test` lead to this machine. */
export interface Engine {
  readonly name: EngineName
  /** Why its tests are skipped; `false` if it is here. */
  readonly skip: string | false
  readonly launch: () => Promise<Driver>
}

const WAIT_MS = 30_000

/** Asks a page until it says yes. A page that is left meanwhile does not answer; the next one will. */
export async function untilTrue(tab: Pick<Tab, 'evaluate'>, expression: string): Promise<void> {
  const deadline = Date.now() + WAIT_MS
  for (;;) {
    const answer = await tab.evaluate<boolean>(`Boolean(${expression})`).catch(String)
    if (answer === true) return
    if (Date.now() > deadline) throw new Error(`It did not become true: ${expression} (${answer})`)
    await wait(20)
  }
}
