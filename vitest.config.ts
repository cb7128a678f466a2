import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [cloudflareTest({ wrangler: { configPath: './test/wrangler.toml' } })],
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/node/**'],
    // One workerd for all files: tests share its storage, and use visitors of their own.
    isolate: false,
    // A busy machine is no fault of the code.
    testTimeout: 30_000,
    coverage: {
      provider: 'istanbul',
      include: ['src/**'],
      thresholds: { lines: 99, branches: 95 },
    },
    typecheck: { enabled: false, include: ['test/**/*.test-d.ts'] },
  },
})
