/** An answer that says what went wrong, for people and programs (RFC 9457). Nothing of it may be cached. */
export function problem(
  status: number,
  title: string,
  code: string,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json(
    { title, status, code, detail },
    {
      status,
      headers: {
        'Content-Type': 'application/problem+json',
        'Cache-Control': 'private, no-store',
        ...headers,
      },
    },
  )
}
