/**
 * A script for pages that show a signed-in user. It reloads the page if the browser shows it again from its
 * back/forward cache, where it may have stayed since before a sign-out, and hides it until then. HTTP headers alone do
 * not prevent that in Chromium (docs/caching.md).
 *
 * Write it into the page: `<script>${RELOAD_ON_BACK}</script>`. It has no character that an HTML template would escape.
 * Answer a POST with a redirect (303), since a browser asks before it sends a form again.
 */
export const RELOAD_ON_BACK =
  'addEventListener(`pageshow`,function(e){if(e.persisted){document.documentElement.hidden=true;location.reload()}})'

/**
 * The source expression of `RELOAD_ON_BACK` for the `script-src` of a Content-Security-Policy (CSP Level 3 section
 * 2.3.1), with its quotes. A script with a nonce needs none.
 */
export const RELOAD_ON_BACK_CSP = "'sha256-BHRM55VvhIchyYdTFAoUuUkBk2MGXo0qGpfV5YBRYFo='"
