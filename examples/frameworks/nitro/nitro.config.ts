export default {
  compatibilityDate: '2026-10-06',
  preset: 'cloudflare_module',
  // wrangler minifies.
  minify: false,
  // worker.js and wrangler.jsonc are our own, to export the classes of the objects.
  cloudflare: { deployConfig: false, nodeCompat: true },
}
