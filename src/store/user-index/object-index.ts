import { withFreshStub } from '../object/fresh-stub.ts'
import type { Asked, ListPage, UserCall } from './user-call.ts'
import type { ListedSession, Owner, Revoked, UserIndex } from './user-list.ts'
import type { UserObject } from './user-object.ts'

/** The used part of a `DurableObjectNamespace`. */
export interface UserObjectNamespace {
  idFromName(name: string): { toString(): string }
  get(id: { toString(): string }): object
}

type Call = UserCall extends infer Each
  ? Each extends UserCall
    ? Omit<Each, keyof Asked>
    : never
  : never

/** Returns the index over the objects of a namespace, which `find` returns on use. */
export function objectIndex(find: () => UserObjectNamespace): UserIndex {
  async function call<Reply>({ cookieName, ...asked }: Owner, what: Call): Promise<Reply> {
    const request = JSON.stringify({ ...what, ...asked })
    // A cookie's name has no space, so no two owners share a name.
    const id = find().idFromName(`${cookieName} ${asked.userId}`)
    const send = async (): Promise<string> => (find().get(id) as UserObject).call(request)
    const reply = await (what.method === 'list' ? withFreshStub(send) : send())
    return JSON.parse(reply) as Reply
  }

  async function listAll(owner: Owner): Promise<readonly ListedSession[]> {
    const all: ListedSession[] = []
    let after: string | undefined = ''
    while (after !== undefined) {
      // A page begins after the last one's end.
      // oxlint-disable-next-line no-await-in-loop
      const page: ListPage = await call<ListPage>(owner, { method: 'list', after })
      all.push(...page.sessions)
      after = page.next
    }
    return all
  }

  const add: UserIndex['add'] = async (owner, session, adding) =>
    (await call<readonly string[] | null>(owner, { method: 'add', session, ...adding })) ??
    undefined

  return {
    async reserve(owner, session, limit) {
      const { id } = session
      const reply = await call<boolean | number>(owner, { method: 'reserve', id, limit })
      if (typeof reply === 'boolean') return reply
      // An object of the previous version took this call for `goOn`. With it, `add` reserves.
      return (await add(owner, session, { isSignIn: true, limit })) !== undefined
    },
    release: (owner, id) => call(owner, { method: 'release', id }),
    add,
    use: (owner, id) => call(owner, { method: 'use', id }),
    remove: (owner, id) => call(owner, { method: 'remove', id }),
    list: async (owner) => {
      const sessions = await listAll(owner)
      return sessions.toSorted((one, other) => other.createdAt - one.createdAt)
    },
    revoke: (owner, which) => call<Revoked>(owner, { method: 'revoke', which }),
    goOn: (owner) => call<number>(owner, { method: 'goOn' }),
  }
}
