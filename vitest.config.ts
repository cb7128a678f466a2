import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: {
        bindings: { SESSION_SECRET: 'a secret for tests only, of 48 bytes in all, so ok' },
      },
    }),
  ],
  test: {
    include: ['test/**/*.test.ts'],
    coverage: { provider: 'istanbul', include: ['src/**'] },
    typecheck: { enabled: false, include: ['test/**/*.test-d.ts'] },
  },
})
