import type { Contender, Work } from './contenders.ts'
import { serve, type Served } from './server.ts'

/** Calls of KV or of objects, the bytes that went with them, and Set-Cookie headers, of one request. */
export interface Costs {
  readonly calls: number
  readonly bytes: number
  readonly setCookies: number
}

export const NO_COSTS: Costs = { calls: 0, bytes: 0, setCookies: 0 }

/** Resolves with what one request of this work costs each contender. */
export function costsOf(
  contenders: readonly Contender[],
  work: Work,
  under: string,
): Promise<Costs[]> {
  return Promise.all(
    contenders.map(async (contender) => {
      const server = await serve(contender, under, { wrapper: 'counting' })
      const { create = '/', [work]: path = '/' } = contender.paths
      const cookie = work === 'anonymous' ? '' : (await counted(server, create, '')).cookie
      const { calls, bytes, setCookies } = await counted(server, path, cookie)
      await server.kill()
      return { calls, bytes, setCookies }
    }),
  )
}

/** Asks a server that is `counting` what one request costs. The cookies are those that were set, as a Cookie header. */
export async function counted(
  { port }: Served,
  path: string,
  cookie: string,
): Promise<Costs & { readonly cookie: string }> {
  const headers = { 'X-Forwarded-Proto': 'https', ...(cookie === '' ? {} : { Cookie: cookie }) }
  const url = `http://localhost:${port}/~count?path=${encodeURIComponent(path)}`
  const response = await fetch(url, { headers })
  return (await response.json()) as Costs & { cookie: string }
}
