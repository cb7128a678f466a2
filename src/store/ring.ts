import { SessionError } from '../errors.ts'
import type {
  Await,
  CallContext,
  Capabilities,
  DestroyReply,
  Gone,
  SessionStore,
} from '../record/store.ts'
import { type Weighted, weightedChoice } from './ring/weighted-choice.ts'

/** One store of a ring. */
export interface RingNode extends Weighted {
  /**
   * Determines, with the weight, which sessions this node stores. A new name makes a new node, even with the same
   * store.
   */
  readonly name: string
  /** The node's share of the sessions: weight 2 stores twice as many as weight 1. */
  readonly weight: number
  readonly store: SessionStore
}

/** The nodes before a change, and how long their sessions remain valid. */
export interface RingMigration {
  readonly from: readonly RingNode[]
  /**
   * The time after which a session stored only at its previous node has ended. Set it to `absoluteTimeout` after the
   * change: no session is left there by then.
   */
  readonly until: Date
}

export interface RingOptions {
  /**
   * The nodes before a change, while sessions may still be stored there. Set it when a node is added, removed or
   * reweighted, or is about to be.
   */
  readonly migrating?: RingMigration
}

type Nodes = readonly [RingNode, ...RingNode[]]

/**
 * Returns several stores as one. A session's handle decides which node stores it, and the session stays there. While
 * `migrating`, a session that is missing at its node is read and written at its previous node, which costs one more
 * call. If a node fails, no other node takes its sessions. Throws `ERR_OPTION` for nodes that cannot form a ring.
 */
export function ringStore(
  nodes: readonly RingNode[],
  { migrating }: RingOptions = {},
): SessionStore {
  const [sample, placeOf] = choiceOf(nodes)
  const [, formerPlaceOf] = migrating === undefined ? [] : choiceOf(migrating.from, sample)
  const until: unknown = migrating === undefined ? new Date(0) : migrating.until
  const endOfMigration = until instanceof Date ? until.getTime() : Number.NaN
  if (Number.isNaN(endOfMigration)) throw optionError('migrating.until is not a valid Date')

  /** Returns the node that may still store the session from before the change, if it is another one. */
  function formerNodeOf(handle: string, now: number, present: RingNode): RingNode | undefined {
    if (formerPlaceOf === undefined || now >= endOfMigration) return undefined
    const former = formerPlaceOf(sample.idOf(handle))
    return former.name === present.name ? undefined : former
  }

  /** Returns the answer of the node that has the session, or that of its present node if none has it. */
  async function find<Reply extends { readonly ok: boolean }>(
    handle: string,
    context: CallContext,
    call: (store: SessionStore) => Await<Reply | Gone>,
  ): Promise<Reply | Gone> {
    const present = placeOf(sample.idOf(handle))
    const reply = await callNode(present, call)
    if (!('gone' in reply) || reply.gone !== 'ended') return reply
    const former = formerNodeOf(handle, context.now, present)
    if (former === undefined) return reply
    context.signal?.().throwIfAborted()
    const formerReply = await callNode(former, call)
    const isEnded = 'gone' in formerReply && formerReply.gone === 'ended'
    // The node that had the session knows when it ended.
    return isEnded && formerReply.at === undefined ? reply : formerReply
  }

  return {
    name: 'ring',
    can: capabilitiesOf([...nodes, ...(migrating?.from ?? [])], migrating !== undefined),
    newHandle: () => sample.newHandle(),
    handleFor: sample.handleFor,
    idOf: (handle) => sample.idOf(handle),
    addressOf: (handle) => placeOf(sample.idOf(handle)).store.addressOf?.(handle) ?? '',

    create: (credential, context, patch) =>
      callNode(placeOf(sample.idOf(credential.handle)), (store) =>
        store.create(credential, context, patch),
      ),
    read: (credential, context) =>
      find(credential.handle, context, (store) => store.read(credential, context)),
    write: (credential, context, patch) =>
      find(credential.handle, context, (store) => store.write(credential, context, patch)),
    regenerate: (credential, context, regeneration) =>
      find(credential.handle, context, (store) =>
        store.regenerate(credential, context, regeneration),
      ),

    // A store also destroys a session that it does not have, without complaint, so both nodes are called.
    async destroy(credential, context) {
      const call = (store: SessionStore): Await<DestroyReply> => store.destroy(credential, context)
      const present = placeOf(sample.idOf(credential.handle))
      const former = formerNodeOf(credential.handle, context.now, present)
      const reply = await callNode(present, call)
      if (!reply.ok || former === undefined) return reply
      const formerReply = await callNode(former, call)
      return formerReply.ok ? { ...formerReply, ...reply } : formerReply
    },
  }
}

/**
 * Returns the capabilities that all nodes share. During a migration there is no single address for a session, and no
 * single place for an old cookie's session.
 */
function capabilitiesOf(nodes: readonly RingNode[], isMigrating: boolean): Capabilities {
  const all = (can: keyof Capabilities): boolean => nodes.every(({ store }) => store.can[can])
  return {
    atomic: all('atomic'),
    recordUse: all('recordUse'),
    revise: all('revise'),
    adopt: all('adopt') && !isMigrating,
    address: all('address') && !isMigrating,
  }
}

/** Calls a node's store. An error names the node. */
async function callNode<Reply>(
  { name, store }: RingNode,
  call: (store: SessionStore) => Await<Reply>,
): Promise<Reply> {
  try {
    return await call(store)
  } catch (cause) {
    if (cause instanceof SessionError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`node ${name}: ${reason}`, { cause })
  }
}

/**
 * Returns one of the stores as a sample of all, and the function that finds the node for an id. Throws `ERR_OPTION` for
 * invalid nodes.
 */
function choiceOf(
  nodes: readonly RingNode[],
  like?: SessionStore,
): readonly [SessionStore, (id: string) => RingNode] {
  const [first, ...others] = nodes
  if (first === undefined) throw optionError('there are no nodes')
  const sample = like ?? first.store
  const names = new Set<string>()
  for (const { name, weight, store } of nodes) {
    if (names.has(name)) throw optionError(`two nodes have the name ${name}`)
    names.add(name)
    if (!(Number.isFinite(weight) && weight > 0)) {
      throw optionError(`${name} has the weight ${String(weight)}, which must be a number above 0`)
    }
    checkStore(name, store, sample)
  }
  return [sample, weightedChoice([first, ...others] satisfies Nodes)]
}

function checkStore(name: string, store: SessionStore, sample: SessionStore): void {
  if (store.name === 'durable-object') {
    throw optionError(
      `${name} is a Durable Object store, which needs no ring: use durableObjectStore alone`,
    )
  }
  if (store.can.atomic !== sample.can.atomic || store.can.recordUse !== sample.can.recordUse) {
    throw optionError(`${name} is a ${store.name} store, which cannot be combined with the others`)
  }
}

function optionError(reason: string): SessionError {
  return new SessionError('ERR_OPTION', `ringStore: ${reason}.`)
}
