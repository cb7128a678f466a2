import { readFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createServer as createTlsServer } from 'node:tls'

import { newDirectory, run } from '../node/project.ts'

/** One request of a sequence: where it goes, and what the response sets. */
export interface Visit {
  /** With `site.test` or `site.localhost`, which becomes a domain of the sequence's own, and without a port. */
  readonly url: string
  readonly set: readonly string[]
  /** A page of another site has the browser send it, by a link or a form; otherwise the response before redirects. */
  readonly from?: 'cross-site'
  readonly method?: 'POST'
  /** What else the response says. */
  readonly header?: string
}

/** A sequence that browsers go through. */
export interface Sequence {
  readonly name: string
  readonly visits: readonly Visit[]
  /** Whether it is a navigation, with a site of its own; otherwise a page of the site above fetches it. */
  readonly isNavigation: boolean
}

/** Browsers keep some 180 cookies of a site. */
const SEQUENCES_OF_SITE = 40

/**
 * Serves sequences of Set-Cookie headers, byte for byte, over http and https. Each response redirects the browser to
 * the next request of the sequence, so that the whole of it is one navigation.
 */
export class CookieServer {
  /** The Cookie headers of each sequence, as they came. */
  readonly sent: string[][]
  /** When the last request of each sequence was answered that set a cookie, in milliseconds since 1970. */
  readonly servedAt: number[] = []
  readonly #sequences: readonly Sequence[]
  readonly #ports: { readonly 'http:': number; readonly 'https:': number }
  readonly #servers: readonly Server[]

  private constructor(sequences: readonly Sequence[], servers: readonly [Server, Server]) {
    this.#sequences = sequences
    this.#servers = servers
    this.sent = sequences.map(() => [])
    const [http, https] = servers.map((server) => (server.address() as AddressInfo).port)
    this.#ports = { 'http:': http ?? 0, 'https:': https ?? 0 }
    for (const server of servers) {
      const event = server === servers[0] ? 'connection' : 'secureConnection'
      server.on(event, (socket: Socket) => this.#serve(socket))
    }
  }

  /** Listens on two ports of this machine, with a certificate of its own making. */
  static async start(sequences: readonly Sequence[]): Promise<CookieServer> {
    const directory = await newDirectory()
    const key256 = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const files = ['-keyout', 'key.pem', '-out', 'certificate.pem']
    const subject = ['-subj', '/CN=site.test', '-days', '2']
    await run(directory, 'openssl', 'req', '-x509', ...key256, ...files, ...subject)
    const [key, cert] = await Promise.all(
      ['key.pem', 'certificate.pem'].map((name) => readFile(join(directory, name))),
    )
    const servers = [createServer(), createTlsServer({ key, cert })] as const
    await Promise.all(servers.map(listening))
    return new CookieServer(sequences, servers)
  }

  /** Replaces the domain in a text by the one of this sequence, so that one browser can go through all of them. */
  ownDomain(index: number, text: string): string {
    const site = Math.floor(index / SEQUENCES_OF_SITE)
    const domain =
      this.#sequences[index]?.isNavigation === true ? `s${index}` : `s${index}.g${site}`
    return text.replaceAll(/\bsite(?=\.(test|localhost)\b)/gi, domain)
  }

  /** Where a browser begins with a sequence. */
  urlOf(index: number, step = 0): string {
    const { url = '' } = this.#sequences[index]?.visits[step] ?? {}
    return this.#withPort(this.ownDomain(index, url), `?${index}.${step}`)
  }

  /** The addresses of the fetched sequences, by the page that is to fetch them. */
  fetched(): Map<string, string[]> {
    const urls = this.#sequences.map((_, index) => this.urlOf(index))
    const isFetched = (_: unknown, index: number): boolean =>
      this.#sequences[index]?.isNavigation === false
    return Map.groupBy(urls.filter(isFetched), (url) =>
      this.#withPort(`https://${new URL(url).hostname.split('.').slice(-2).join('.')}/`, ''),
    )
  }

  #withPort(address: string, search: string): string {
    const url = new URL(address)
    url.port = String(this.#ports[url.protocol as 'http:' | 'https:'])
    url.search = search
    return url.href
  }

  close(): void {
    for (const server of this.#servers) server.close()
  }

  #serve(socket: Socket): void {
    let received = ''
    socket.setNoDelay()
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes: Buffer) => {
      received += bytes.toString('latin1')
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = received.slice(0, end)
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
      if (received.length < end + 4 + length) return
      received = received.slice(end + 4 + length)
      socket.write(this.#answer(head), 'latin1')
    })
  }

  #answer(head: string): string {
    const [, index, step] = /^\S+ \S*\?(\d+)\.(\d+) /.exec(head)?.map(Number) ?? []
    if (index === undefined || step === undefined) return responseOf(200, [], 'a page')
    const visit = this.#sequences[index]?.visits[step]
    const isElsewhere = /^\S+ \/another-site\?/.test(head)
    if (isElsewhere)
      return responseOf(200, [], formOf(this.urlOf(index, step), visit?.method ?? 'GET'))
    this.sent[index]?.push(/^cookie: (.*)$/im.exec(head)?.[1] ?? '')
    if (visit !== undefined && visit.set.length > 0) this.servedAt[index] = Date.now()
    const lines = visit?.set.map((each) => `Set-Cookie: ${this.ownDomain(index, each)}`) ?? []
    if (visit?.header !== undefined) lines.push(visit.header)
    const next = this.#sequences[index]?.visits[step + 1]
    if (next === undefined) return responseOf(200, lines, '<title>done</title>')
    const url = new URL(this.urlOf(index, step + 1))
    if (next.from === 'cross-site') {
      url.hostname = 'another-site.test'
      url.pathname = '/another-site'
    }
    return responseOf(302, [...lines, `Location: ${url.href}`], '')
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => void server.listen(0, '127.0.0.1', resolve))
}

function responseOf(status: number, lines: readonly string[], body: string): string {
  return [
    `HTTP/1.1 ${status} `,
    'Content-Type: text/html',
    'Cache-Control: no-store',
    `Content-Length: ${body.length}`,
    ...lines,
    '',
    body,
  ].join('\r\n')
}

/** A page that sends a form, or follows a link, by itself. */
function formOf(url: string, method: string): string {
  if (method === 'GET') return `<a href="${url}">go</a><script>document.links[0].click()</script>`
  return `<form method=post action="${url}"></form><script>document.forms[0].submit()</script>`
}
