import { sha256 } from '../codec/mac.ts'
import type { Patch } from '../session/patch.ts'
import { deadlineOf } from './meta.ts'
import { type Call, type State, type Step, step } from './step.ts'
import type { Credential, Gone, Moment, ReadReply, SessionStore, WriteReply } from './store.ts'

/** Makes a step durable, or throws before it gives a promise; without a state, nothing of the session stays. */
export type Save = (
  state: State | undefined,
  changed: readonly string[],
  isNew: boolean,
) => Promise<void> | undefined

/** What goes to a cell, as JSON. */
interface Request {
  readonly method: Call['method']
  readonly secret: string
  readonly moment: Moment
  readonly newSecret?: string
  readonly patch?: Patch
}

/** The answer of a place where there is no cell. */
export const ENDED: Gone = { ok: false, gone: 'ended' }
const CORRUPT: Gone = { ok: false, gone: 'corrupt' }

/** Holds one session and applies the rules to it, one call after the other; a JSON text in, a JSON text out. */
export class SessionCell {
  #state: State | undefined
  /** What there is can't be read: it is no session, and nothing is made of it. */
  #isCorrupt: boolean
  readonly #save: Save
  #entriesJson = ''
  #entriesOfJson: State['entries'] | undefined
  /** The last secret that came, and its hash, so that a session in use is hashed once. */
  #secret = ''
  #hash = ''

  constructor(state: State | 'corrupt' | undefined, save: Save) {
    this.#isCorrupt = state === 'corrupt'
    this.#state = state === 'corrupt' ? undefined : state
    this.#save = save
  }

  /** When what it holds is of no more use; 0 when it holds nothing. */
  get deadline(): number {
    return this.#state === undefined ? 0 : deadlineOf(this.#state.meta)
  }

  async call(text: string): Promise<string> {
    const request = JSON.parse(text) as Request
    const { method, secret, newSecret } = request
    if (this.#isCorrupt && method === 'destroy') await this.sweep(Infinity)
    if (this.#isCorrupt) return JSON.stringify(CORRUPT)
    const newHash = newSecret === undefined ? undefined : await sha256(newSecret)
    const hash = await this.#hashOf(secret)
    // From here to the save there is no await: no other call comes in between.
    const { reply, state, changed } = step(this.#state, { ...request, hash, newHash })
    if (state === this.#state) return this.#replyText(reply, method)
    const saving = this.#save(state, changed, this.#state === undefined)
    this.#state = state
    const replyText = this.#replyText(reply, method)
    await saving
    return replyText
  }

  /** Empties the cell of an expired session; gives the deadline of one that is not. */
  async sweep(now: number): Promise<number | undefined> {
    if (this.deadline > now) return this.deadline
    const saving = this.#save(undefined, [], false)
    this.#state = undefined
    this.#isCorrupt = false
    await saving
    return undefined
  }

  async #hashOf(secret: string): Promise<string> {
    if (this.#secret === secret) return this.#hash
    const hash = await sha256(secret)
    this.#secret = secret
    this.#hash = hash
    return hash
  }

  /** A read's reply has the entries, as a text that is kept until they change. */
  #replyText(reply: Step['reply'], method: Call['method']): string {
    const text = JSON.stringify(reply)
    const entries = this.#state?.entries
    if (!reply.ok || method !== 'read' || entries === undefined) return text
    if (entries !== this.#entriesOfJson) {
      this.#entriesJson = JSON.stringify(Object.fromEntries(entries))
      this.#entriesOfJson = entries
    }
    return `${text.slice(0, -1)},"entries":${this.#entriesJson}}`
  }
}

/** A store over cells that are reached by `send`. */
export function cellStore(
  parts: Pick<SessionStore, 'name' | 'newHandle' | 'idOf'>,
  send: (handle: string, request: string, now: number) => Promise<string>,
): SessionStore {
  async function call<Reply>(
    method: Call['method'],
    { handle, secret }: Credential,
    moment: Moment,
    more: Partial<Request> = {},
  ): Promise<Reply> {
    const request: Request = { method, secret, moment, ...more }
    return JSON.parse(await send(handle, JSON.stringify(request), moment.now)) as Reply
  }

  return {
    ...parts,
    isAtomic: true,
    recordsUse: true,
    create: (credential, moment, patch) =>
      call<WriteReply>('create', credential, moment, { patch }),
    read: (credential, moment) => call<ReadReply>('read', credential, moment),
    write: (credential, moment, patch) => call<WriteReply>('write', credential, moment, { patch }),
    regenerate: async (credential, moment, newSecret) => {
      const reply = await call<Gone | { ok: true }>('regenerate', credential, moment, { newSecret })
      return reply.ok ? { ok: true, handle: credential.handle } : reply
    },
    destroy: (credential, moment) => call<Gone | { ok: true }>('destroy', credential, moment),
  }
}
