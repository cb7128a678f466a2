export default defineNuxtConfig({
  compatibilityDate: '2026-10-06',
  telemetry: false,
  nitro: {
    preset: 'cloudflare_module',
    // worker.js and wrangler.jsonc are our own, to export the classes of the objects.
    cloudflare: { deployConfig: false, nodeCompat: true },
  },
})
