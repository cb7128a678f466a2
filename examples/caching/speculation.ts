// #region speculation
/** Returns a 503 for a prefetch or prerender, which the browser discards. It asks again when the visitor comes. */
export function refusedSpeculation({ headers }: Request): Response | undefined {
  const isSpeculative = headers.get('Sec-Purpose')?.startsWith('prefetch') === true
  return isSpeculative ? new Response(null, { status: 503 }) : undefined
}
// #endregion speculation
