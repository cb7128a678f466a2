import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: './wrangler.toml' },
      miniflare: { bindings: { SESSION_SECRET: 'only-for-tests-only-for-tests-only-for-tests' } },
    }),
  ],
  test: { include: ['vitest/*.test.ts'] },
})
