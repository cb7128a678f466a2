import { fileURLToPath } from 'node:url'

import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig, type Plugin, type TestProjectInlineConfiguration } from 'vitest/config'

import { missingEngines } from './test/node/servers.ts'

const missing = missingEngines()

/** What needs no Worker, object or KV is tested in Node itself, beside workerd. */
const PURE = [
  'test/codec/{cookie,keyring,mac,random}.test.ts',
  'test/guard/next-path.test.ts',
  'test/layers.test.ts',
  'test/migrate/{cookie-session,cookie-vectors,express,fastify-secure-session,python,tornado}.test.ts',
  'test/reload-on-back.test.ts',
  'test/request/clear-cookies.test.ts',
  'test/store/{bounded-map,cached-ends,fresh-stub,memory,read-cache,session-cell,stale-kv}.test.ts',
  'test/store/{swap-store,user-call,user-cell,user-cell-endings,user-rows,weighted-choice,within-time}.test.ts',
  'test/testing/{cookie-date,cookie-jar,cookie-kinds,store-contract,test-browser}.test.ts',
]

/**
 * Leaves out the source maps of dependencies: they are three quarters of what a runtime is sent. The lines of a
 * dependency are then those of its transformed code.
 */
const withoutMaps: Plugin = {
  name: 'without-maps-of-dependencies',
  enforce: 'post',
  transform: {
    filter: { id: /\/(?:node_modules|fixtures)\// },
    // Vite asks for no map only of a module that a plugin has changed.
    handler: (code) => ({ code: `${code}\n`, map: { mappings: '' } }),
  },
}

/**
 * Modes: `test` is for `npm test`; `thorough` runs the suites again in other circumstances (`test/worlds/`), and property
 * tests for longer.
 */
export default defineConfig(({ mode }) => {
  const isThorough = mode === 'thorough'
  const shared: TestProjectInlineConfiguration = {
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
      // One runtime for all files: tests share its storage, and use visitors of their own.
      isolate: false,
      // With it, a runtime is sent every module of each file, also those that it has.
      fsModuleCache: false,
      // A busy machine is no fault of the code.
      testTimeout: 120_000,
      hookTimeout: 120_000,
      provide: { isThorough },
    },
  }
  return {
    test: {
      projects: [
        {
          ...shared,
          test: { ...shared.test, name: 'node', include: PURE, maxWorkers: 1 },
        },
        {
          ...shared,
          plugins: [
            withoutMaps,
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
          test: {
            ...shared.test,
            name: 'workerd',
            // Two runtimes beside each other: one alone waits more than it works.
            maxWorkers: 2,
            sequence: { groupOrder: 1 },
            include: ['test/**/*.test.ts'],
            exclude: [
              'test/{node,browser,long,package,simulation}/**',
              ...(isThorough ? [] : ['test/worlds/**']),
              ...PURE,
            ],
            setupFiles: './test/support/own-objects.ts',
            // Real servers of other kinds, where they are installed.
            globalSetup: './test/node/servers.ts',
          },
        },
      ],
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
    },
  }
})
