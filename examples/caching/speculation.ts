// #region speculation
/** Answers a prefetch or a prerender by 503: the browser throws that away, and asks anew when the visitor comes. */
export function refusedSpeculation({ headers }: Request): Response | undefined {
  const isSpeculative = headers.get('Sec-Purpose')?.startsWith('prefetch') === true
  return isSpeculative ? new Response(null, { status: 503 }) : undefined
}
// #endregion speculation
