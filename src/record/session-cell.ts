import { sha256 } from '../codec/mac.ts'
import { LEASE, type Patch } from '../session/patch.ts'
import { CORRUPT, deadlineOf, isLasting, isTombstone, touchOf } from './meta.ts'
import {
  type Call,
  over,
  type OwnerCall,
  ownerStep,
  type Rules,
  type State,
  type Step,
  step,
  unrecorded,
} from './step.ts'
import type {
  CallContext,
  Credential,
  DestroyReply,
  ReadReply,
  Regeneration,
  RegenerateReply,
  SessionStore,
  WriteReply,
} from './store.ts'

/**
 * The version of the messages to and from a cell. Deployments mix versions for some minutes, so a cell answers callers
 * that are one version older or newer than itself. Every addition must be one that the neighbouring versions can
 * ignore. 1: the list of `Request`. 2: the version is sent beside it.
 */
export const PROTOCOL = 2

/**
 * Saves a step durably, or throws before it returns a promise. Without a state, deletes everything of the session. The
 * time of the session's end is kept in memory only, so that an ended session has no data in storage. Without a method,
 * the session has expired.
 */
export type Save = (
  state: State | undefined,
  changed: readonly string[],
  isNew: boolean,
  method?: Method,
) => Promise<void> | undefined

/** The request to a cell, as a JSON list: short, and fast to write and read. Without a patch the list is shorter. */
type Request = readonly [
  method: Call['method'],
  secret: string,
  now: number,
  idle: number,
  absolute: number,
  touch: number,
  /** 0 if secrets are not renewed. */
  renew: number,
  patch?: Patch | null,
  /** Or the content of a part's request. */
  regeneration?: Partial<Pick<Regeneration, 'secret' | 'grace'>>,
]

export type Method = (Call | OwnerCall)['method']

const NO_STATE = { state: undefined, changed: [] }

/** Holds one session and applies the rules to it, one call after another. Requests and replies are JSON text. */
export class SessionCell {
  #state: State | undefined
  /** True if the stored data cannot be read as a session. It is never used as one. */
  #isCorrupt: boolean
  readonly #save: Save
  #readText = ''
  #stateOfText: State | undefined
  /** The last secret received, and its hash, so that a session in use is hashed once. */
  #secret = ''
  #hash = ''

  constructor(state: State | 'corrupt' | undefined, save: Save) {
    this.#isCorrupt = state === 'corrupt'
    this.#state = state === 'corrupt' ? undefined : state
    this.#save = save
  }

  /** When the state in memory expires, or 0 if there is none. */
  get deadline(): number {
    return this.#state === undefined ? 0 : deadlineOf(this.#state.meta)
  }

  /** True if the cell holds a session, and not a tombstone. */
  get isLive(): boolean {
    return this.#state !== undefined && !isTombstone(this.#state.meta)
  }

  /**
   * Answers a request. Returns a string if nothing must be awaited, since another promise costs the caller of an object
   * some time. A part passes the rules for its own requests.
   */
  call(text: string, rules: Rules = step): string | Promise<string> {
    const request = JSON.parse(text) as Request | OwnerCall
    const isOwners = 'userId' in request
    if (this.#isCorrupt) return this.#callCorrupt(text, isOwners ? request.method : request[0])
    if (isOwners) return this.#take(ownerStep(this.#state, request), request.method)
    const [, secret, , , , , , , regeneration] = request
    if (secret !== this.#secret || regeneration?.secret !== undefined)
      return this.#callWithHashes(request, rules)
    return this.#step(request, rules, this.#hash)
  }

  async #callWithHashes(request: Request, rules: Rules): Promise<string> {
    const [, secret, , , , , , , { secret: newSecret } = {}] = request
    const newHash = newSecret === undefined ? undefined : await sha256(newSecret)
    const hash = await this.#hashOf(secret)
    // There is no await from here to the save, so no other call can interleave.
    return this.#step(request, rules, hash, newHash)
  }

  #step(request: Request, rules: Rules, hash: string, newHash?: string): string | Promise<string> {
    const [method, , now, idle, absolute, touch, renew, patch, about] = request
    const context = { now, idle, absolute, touch, renew: renew === 0 ? Infinity : renew }
    const grace = about?.grace
    const call = { method, context, hash, newHash, grace, patch: patch ?? undefined, about }
    const next = rules(this.#state, call)
    try {
      return this.#take(next, method)
    } catch (error) {
      if (method !== 'read' || !next.reply.ok || this.#state === undefined) throw error
      // Storage accepts no writes at the moment. A later read records its use.
      return this.#take(unrecorded(this.#state, call), method)
    }
  }

  async #callCorrupt(text: string, method: Method): Promise<string> {
    if (method !== 'destroy' && method !== 'end') return JSON.stringify(CORRUPT)
    await this.sweep(Infinity)
    return this.call(text)
  }

  /** Saves a step durably, then returns its reply. */
  #take({ reply, state, changed }: Step, method: Method): string | Promise<string> {
    if (state === this.#state) return this.#replyText(reply, method)
    const [before, after] = [lasting(this.#state), lasting(state)]
    const saving =
      before === after ? undefined : this.#save(after, changed, before === undefined, method)
    this.#state = state
    const replyText = this.#replyText(reply, method)
    return saving === undefined ? replyText : saving.then(() => replyText)
  }

  /**
   * Empties the cell of an expired session. Returns the deadline of a session that has not expired, or of its
   * tombstone.
   */
  async sweep(now: number): Promise<number | undefined> {
    if (this.deadline > now) return lasting(this.#state) && this.deadline
    const { state, changed } = this.#state ? over(this.#state, now) : NO_STATE
    const saving = this.#save(state, changed, false)
    this.#state = state
    this.#isCorrupt = false
    await saving
    return state && this.deadline
  }

  async #hashOf(secret: string): Promise<string> {
    if (this.#secret === secret) return this.#hash
    const hash = await sha256(secret)
    this.#secret = secret
    this.#hash = hash
    return hash
  }

  /**
   * Returns the text of a reply. The reply to a read contains the entries, and its text is cached until something
   * changes.
   */
  #replyText(reply: Step['reply'], method: Method): string {
    if (!reply.ok || method !== 'read' || this.#state === undefined) return JSON.stringify(reply)
    const isUsual = !('renewal' in reply)
    if (isUsual && this.#state === this.#stateOfText) return this.#readText
    const entries = [...this.#state.entries].filter(([name]) => name < LEASE)
    const text = JSON.stringify({ ...reply, entries: Object.fromEntries(entries) })
    if (isUsual) {
      this.#stateOfText = this.#state
      this.#readText = text
    }
    return text
  }
}

/** Returns the state if it must be stored. */
function lasting(state: State | undefined): State | undefined {
  return state !== undefined && isLasting(state.meta) ? state : undefined
}

/** Returns a request to a cell. `rest` follows the context. */
export function requestText(
  method: Call['method'],
  { secret }: Pick<Credential, 'secret'>,
  context: CallContext,
  more = '',
): string {
  const { now, idle, absolute, renew = 0 } = context
  return `["${method}","${secret}",${now},${idle},${absolute},${touchOf(context)},${renew}${more}]`
}

/** Sends a request to a cell, and returns its reply. */
export type Send = (
  handle: string,
  request: string,
  about: {
    readonly method: Call['method']
    readonly now: number
    readonly tried?: (() => void) | undefined
  },
) => Promise<string>

/** Returns a store of cells that `send` reaches. */
export function cellStore(
  parts: Pick<SessionStore, 'name' | 'newHandle' | 'handleFor' | 'idOf' | 'addressOf'>,
  send: Send,
): SessionStore {
  function call<Reply>(
    method: Call['method'],
    credential: Credential,
    context: CallContext,
    more = '',
  ): Promise<Reply> {
    const { now, tried } = context
    const request = requestText(method, credential, context, more)
    return send(credential.handle, request, { method, now, tried }).then(
      (reply) => JSON.parse(reply) as Reply,
    )
  }

  return {
    ...parts,
    can: {
      atomic: true,
      recordUse: true,
      revise: true,
      adopt: parts.handleFor !== undefined,
      address: parts.addressOf !== undefined,
    },
    create: (credential, context, patch) =>
      call<WriteReply>('create', credential, context, `,${JSON.stringify(patch)}`),
    read: (credential, context) => call<ReadReply>('read', credential, context),
    write: (credential, context, patch) =>
      call<WriteReply>('write', credential, context, `,${JSON.stringify(patch)}`),
    regenerate: async (credential, context, { patch = null, ...regeneration }) => {
      const more = `,${JSON.stringify(patch)},${JSON.stringify(regeneration)}`
      const reply = await call<RegenerateReply>('regenerate', credential, context, more)
      return reply.ok ? { ...reply, handle: credential.handle } : reply
    },
    destroy: (credential, context) => call<DestroyReply>('destroy', credential, context),
    part: (credential, context, { method, about, patch = null }) =>
      call(method, credential, context, `,${JSON.stringify(patch)},${JSON.stringify(about)}`),
  }
}
