// #region page
import { RELOAD_ON_BACK, RELOAD_ON_BACK_CSP } from 'edge-session/reload-on-back'

export function pageFor(userId: string): Response {
  const body = `<!doctype html>
<title>Account</title>
<script>${RELOAD_ON_BACK}</script>
<p>Signed in as ${escaped(userId)}`
  return new Response(body, {
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; script-src ${RELOAD_ON_BACK_CSP}`,
    },
  })
}
// #endregion page

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
