import type { Session } from './sessions'

/** Returns the static page, with what the session knows. */
export async function home(session: Session, request: Request, env: Env): Promise<Response> {
  const { count = 0 } = await session.all()
  const { notice = '' } = await session.flashes()
  const user = session.userId === undefined ? 'Nobody is signed in' : `Signed in: ${session.userId}`
  const texts = { notice, user, count: `Count: ${count}` }
  const rewriter = new HTMLRewriter()
  for (const [id, text] of Object.entries(texts)) {
    rewriter.on(`#${id}`, { element: (element) => void element.setInnerContent(text) })
  }
  // The page differs by visitor, so the validators of the file are of no use.
  const file = await env.ASSETS.fetch(new URL(request.url))
  const page = new Response(file.body, file)
  page.headers.delete('ETag')
  return rewriter.transform(page)
}
