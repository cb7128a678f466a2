/**
 * A script for pages that show a signed-in user. If the browser shows the page again from its back/forward cache,
 * perhaps after a sign-out, the script hides and reloads it. HTTP headers alone do not prevent that in Chromium
 * (docs/caching.md).
 *
 * Write it into the page: `<script>${RELOAD_ON_BACK}</script>`. It contains no character that an HTML template would
 * escape. Answer a POST with a redirect (303), since browsers ask before they send a form again.
 */
export const RELOAD_ON_BACK =
  'addEventListener(`pageshow`,function(e){if(e.persisted){document.documentElement.hidden=true;location.reload()}})'

/**
 * The source expression of `RELOAD_ON_BACK` for the `script-src` of a Content-Security-Policy (CSP Level 3 section
 * 2.3.1), including the quotes. Not needed with a nonce.
 */
export const RELOAD_ON_BACK_CSP = "'sha256-BHRM55VvhIchyYdTFAoUuUkBk2MGXo0qGpfV5YBRYFo='"
