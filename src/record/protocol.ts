import type { Call } from './step.ts'
import type {
  CallContext,
  Credential,
  DestroyReply,
  ReadReply,
  RegenerateReply,
  SessionStore,
  WriteReply,
} from './store.ts'

/**
 * The version of what goes to a cell and comes back. Deployments mix versions for some minutes, so a cell answers callers
 * that are one version older or newer than itself: what a version adds must be something that its neighbours can ignore.
 * 1: the list of `Request`. 2: the version goes beside it.
 */
export const PROTOCOL = 2

/** Carries a request to a cell, and its reply back. */
export type Send = (
  handle: string,
  request: string,
  about: { readonly method: Call['method']; readonly now: number },
) => Promise<string>

/** A store over cells that are reached by `send`. */
export function cellStore(
  parts: Pick<SessionStore, 'name' | 'newHandle' | 'handleFor' | 'idOf' | 'addressOf'>,
  send: Send,
): SessionStore {
  async function call<Reply>(
    method: Call['method'],
    { handle, secret }: Credential,
    { now, idle, absolute, touch, renew = 0 }: CallContext,
    more = '',
  ): Promise<Reply> {
    const request = `["${method}","${secret}",${now},${idle},${absolute},${touch},${renew}${more}]`
    return JSON.parse(await send(handle, request, { method, now })) as Reply
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
  }
}
