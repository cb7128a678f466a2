import { createSessions, type Session } from 'edge-session'
import { memoryStore } from 'edge-session/store/memory'

interface Data {
  cart: string[]
}

const { withSession } = createSessions<Data>({
  secrets: ['only for this example, and long enough'],
  store: memoryStore(),
})

// #region types
/** A handler in a file of its own: say what it finds on its request. */
async function cart({ session }: Request & { readonly session: Session<Data> }): Promise<Response> {
  return Response.json((await session.get('cart')) ?? [])
}

export const showCart = withSession(cart)
// #endregion types
