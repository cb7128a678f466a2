import { fileURLToPath } from 'node:url'

import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

import { missingEngines } from './test/node/servers.ts'

const missing = missingEngines()

export default defineConfig({
  plugins: [
    cloudflareTest(({ inject }) => ({
      wrangler: { configPath: './test/wrangler.toml' },
      miniflare: {
        bindings: {
          REDIS_PORT: inject<number>('redisPort'),
          MEMCACHED_PORT: inject<number>('memcachedPort'),
        },
      },
    })),
  ],
  // Examples import the package by its name, as its users do.
  resolve: {
    alias: [
      {
        find: /^edge-session$/,
        replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)),
      },
      {
        find: /^edge-session\/(.*)$/,
        replacement: `${fileURLToPath(new URL('src', import.meta.url))}/$1.ts`,
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Real servers of other kinds, where they are installed.
    globalSetup: './test/node/servers.ts',
    exclude: ['test/{node,browser,long,package,simulation}/**'],
    // One workerd for all files: tests share its storage, and use visitors of their own.
    isolate: false,
    // A busy machine is no fault of the code.
    testTimeout: 30_000,
    coverage: {
      provider: 'istanbul',
      include: ['src/**'],
      // What talks to a server that is not installed here is not run, or hardly.
      exclude: missing.flatMap((engine) => [
        `src/store/${engine}.ts`,
        `src/store/server/${engine}-client.ts`,
        'src/store/server/{connection,swap-store}.ts',
      ]),
      thresholds: { lines: 99, branches: 95 },
    },
    typecheck: { enabled: false, include: ['test/**/*.test-d.ts'] },
  },
})
