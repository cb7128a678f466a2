import { SessionError } from '../errors.ts'
import type { Await, Capabilities, DestroyReply, Gone, SessionStore } from '../record/store.ts'
import { type Weighted, weightedChoice } from './ring/weighted-choice.ts'

/** One of the stores of a ring. */
export interface RingNode extends Weighted {
  /** Decides, with the weight, which sessions rest here: another name is another node, whatever its store. */
  readonly name: string
  /** How many sessions it has beside the others: 2 has twice as many as 1. */
  readonly weight: number
  readonly store: SessionStore
}

/** The nodes of before a change, and until when their sessions count. */
export interface RingMigration {
  readonly from: readonly RingNode[]
  /** From then on, what rests at a former place only is over. `absoluteTimeout` after the change nobody is left there. */
  readonly until: Date
}

export interface RingOptions {
  /** Where sessions may rest that were made before a node was added, removed or weighted otherwise, or are soon to be. */
  readonly migrating?: RingMigration
}

type Nodes = readonly [RingNode, ...RingNode[]]

/**
 * Several stores as one: each session rests in one of them, which its handle decides. A session stays where it was made:
 * while `migrating`, one that is not at its place is looked for, read and written at its former place, which makes one
 * call more. A node that fails is a store that fails: no other one takes its sessions. Throws `ERR_OPTION` for nodes that
 * make no ring.
 */
export function ringStore(
  nodes: readonly RingNode[],
  { migrating }: RingOptions = {},
): SessionStore {
  const [sample, placeOf] = choiceOf(nodes)
  const [, formerPlaceOf] = migrating === undefined ? [] : choiceOf(migrating.from, sample)
  const endOfMigration = migrating?.until.getTime() ?? 0
  if (Number.isNaN(endOfMigration)) throw optionError('migrating.until is no date')

  /** The node where a session of this handle may rest that was made before, if that is another one. */
  function formerNodeOf(handle: string, now: number, present: RingNode): RingNode | undefined {
    if (formerPlaceOf === undefined || now >= endOfMigration) return undefined
    const former = formerPlaceOf(sample.idOf(handle))
    return former.name === present.name ? undefined : former
  }

  /** The answer of the node that has the session, or that of its place if no node has. */
  async function find<Reply extends { readonly ok: boolean }>(
    handle: string,
    now: number,
    call: (store: SessionStore) => Await<Reply | Gone>,
  ): Promise<Reply | Gone> {
    const present = placeOf(sample.idOf(handle))
    const reply = await callNode(present, call)
    if (!('gone' in reply) || reply.gone !== 'ended') return reply
    const former = formerNodeOf(handle, now, present)
    return former === undefined ? reply : callNode(former, call)
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
      find(credential.handle, context.now, (store) => store.read(credential, context)),
    write: (credential, context, patch) =>
      find(credential.handle, context.now, (store) => store.write(credential, context, patch)),
    regenerate: (credential, context, regeneration) =>
      find(credential.handle, context.now, (store) =>
        store.regenerate(credential, context, regeneration),
      ),

    // A store destroys what it does not have, too, without complaint: so both are to be asked.
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
 * What all the nodes' stores can do. While sessions may be at a former place, nobody can say where an old cookie's session
 * has been, or at which address a session is.
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

/** Makes a call; what it throws says which node failed. */
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

/** One store of the nodes, as which all of them are made, and the place of each id. Throws `ERR_OPTION`. */
function choiceOf(
  nodes: readonly RingNode[],
  like?: SessionStore,
): readonly [SessionStore, (id: string) => RingNode] {
  const [first, ...others] = nodes
  if (first === undefined) throw optionError('there is no node')
  const sample = like ?? first.store
  const names = new Set<string>()
  for (const { name, weight, store } of nodes) {
    if (names.has(name)) throw optionError(`two nodes are called ${name}`)
    names.add(name)
    if (!(weight > 0 && weight < Infinity)) {
      throw optionError(`${name} has the weight ${weight}; it is a number above 0`)
    }
    checkStore(name, store, sample)
  }
  return [sample, weightedChoice([first, ...others] satisfies Nodes)]
}

function checkStore(name: string, store: SessionStore, sample: SessionStore): void {
  if (store.name === 'durable-object') {
    throw optionError(
      `${name} is a namespace of Durable Objects, which has a place for each session already: use durableObjectStore alone`,
    )
  }
  if (store.can.atomic !== sample.can.atomic || store.can.recordUse !== sample.can.recordUse) {
    throw optionError(`${name} is a ${store.name} store, which can't be one with the others`)
  }
}

function optionError(reason: string): SessionError {
  return new SessionError('ERR_OPTION', `ringStore: ${reason}.`)
}
