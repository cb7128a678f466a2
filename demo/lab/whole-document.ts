import { DurableObject } from 'cloudflare:workers'

/** The used part of the `DocumentObject` namespace. */
export interface DocumentNamespace {
  idFromName(name: string): { toString(): string }
  get(id: { toString(): string }): object
}

/** The lab's data in a session. */
export interface LabData {
  user: string
  count: number
  note: string
}

type Document = Partial<LabData>

const KEEP_MS = 10 * 60_000
const COOKIE = '__Host-lab-naive'

/** A session as one text, in the same kind of storage as the library's. Only the way it is written differs. */
export class DocumentObject extends DurableObject {
  load(): string | null {
    return this.ctx.storage.kv.get<string>('document') ?? null
  }

  async save(text: string): Promise<void> {
    this.ctx.storage.kv.put('document', text)
    await this.ctx.storage.setAlarm(Date.now() + KEEP_MS)
  }

  async forget(): Promise<void> {
    await this.ctx.storage.deleteAlarm()
    await this.ctx.storage.deleteAll()
  }

  override async alarm(): Promise<void> {
    await this.forget()
  }
}

/** The object as its callers see it, over RPC. */
interface DocumentStub {
  load(): Promise<string | null>
  save(text: string): Promise<void>
  forget(): Promise<void>
}

/** The handler's response, and the document to write, or `undefined` to delete it. */
interface Handled {
  readonly answer: unknown
  readonly document: Document | undefined
}

type Handler = (document: Document, request: Request) => Promise<Handled> | Handled

/**
 * The naive way of many session middlewares, on purpose: load the whole document, let the handler change it, write the
 * whole document back. This overwrites the changes of other requests, and brings back a session that another request
 * ended.
 */
export function withDocument(
  handle: Handler,
): (request: Request, env: { readonly DOCUMENTS: DocumentNamespace }) => Promise<Response> {
  return async (request, { DOCUMENTS }) => {
    const id = cookieOf(request) ?? crypto.randomUUID()
    const stored = DOCUMENTS.get(DOCUMENTS.idFromName(id)) as DocumentStub
    const before = (await stored.load()) ?? '{}'
    const { answer, document } = await handle(JSON.parse(before) as Document, request)
    const after = document && JSON.stringify(document)
    if (after === undefined) await stored.forget()
    else if (after !== before) await stored.save(after)
    const cookie = `${COOKIE}=${id}; Path=/; Secure; HttpOnly; SameSite=Lax`
    return Response.json(answer, { headers: { 'Set-Cookie': cookie } })
  }
}

function cookieOf(request: Request): string | undefined {
  const header = request.headers.get('Cookie') ?? ''
  return new RegExp(`(?:^|; )${COOKIE}=([\\w-]{36})(?:;|$)`).exec(header)?.[1]
}
