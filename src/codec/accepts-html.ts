/**
 * True if a client accepts a page: `text/html` with a weight above 0 (RFC 9110 section 12.5.1). Wildcards do not count.
 */
export function acceptsHtml(headers: { get(name: string): string | null }): boolean {
  const ranges = (headers.get('accept') ?? '').toLowerCase().split(',')
  return ranges.some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    const isPage = type === 'text/html' || type === 'application/xhtml+xml'
    return isPage && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))
  })
}
