// New applications, as far as `init` reads them: pages and styles are left out. The wrangler files and modules of SvelteKit, Nuxt,
// Hono, React Router and the plain Worker have the shape that create-cloudflare 2.74.0 gives them; the others follow the frameworks'
// documentation.

/** The files of a new application, by path. */
export type Template = Readonly<Record<string, string>>

const manifest = (
  dependencies: Readonly<Record<string, string>>,
  devDependencies: Readonly<Record<string, string>> = {},
): string =>
  `${JSON.stringify(
    {
      name: 'shop',
      version: '0.0.0',
      private: true,
      type: 'module',
      scripts: { build: 'vite build', deploy: 'npm run build && wrangler deploy' },
      dependencies,
      devDependencies: { typescript: '^5.9.3', wrangler: '^4.156.0', ...devDependencies },
    },
    undefined,
    '\t',
  )}\n`

/** With the comments and the tabs that create-cloudflare writes: after the last value, and before the first. */
const commented = (...lines: readonly string[]): string => `/**
 * For the keys of this file, see
 * https://developers.cloudflare.com/workers/wrangler/configuration/
 */
{
	"$schema": "node_modules/wrangler/config-schema.json",
	"name": "shop",
${lines.map((line) => `\t${line},\n`).join('')}	"observability": {
		"enabled": true
	}
	/**
	 * Smart Placement
	 */
	// "placement": { "mode": "smart" }
	/**
	 * Environment Variables
	 */
	// "vars": { "MY_VARIABLE": "production_value" }
	/**
	 * Service Bindings
	 */
	// "services": [ { "binding": "MY_SERVICE", "service": "my-service" } ]
}
`
const DATE = '"compatibility_date": "2026-11-17"'
const assets = (directory: string): string =>
  `"assets": {\n\t\t"binding": "ASSETS",\n\t\t"directory": "${directory}"\n\t}`

const tsconfig = (...types: readonly string[]): string => `{
	"compilerOptions": {
		/* The JavaScript that is made. */
		"target": "es2024",
		"module": "es2022",
		"moduleResolution": "bundler",
		"types": ${JSON.stringify(types)},
		"strict": true,
		"noEmit": true,
	},
	"exclude": ["node_modules"],
}
`
const TYPES = './worker-configuration.d.ts'
const GITIGNORE = 'node_modules\n.wrangler\n.dev.vars*\n!.dev.vars.example\n.env*\n'

export const SVELTEKIT: Template = {
  'package.json': manifest(
    {},
    {
      '@sveltejs/adapter-cloudflare': '^8.0.0',
      '@sveltejs/kit': '^3.2.0',
      svelte: '^5.56.0',
      vite: '^8.4.0',
    },
  ),
  'wrangler.jsonc': commented(
    '"main": ".svelte-kit/cloudflare/_worker.js"',
    DATE,
    '"compatibility_flags": ["nodejs_als"]',
    assets('.svelte-kit/cloudflare'),
  ),
  'tsconfig.json': '{\n\t"extends": "./.svelte-kit/tsconfig.json"\n}\n',
  'vite.config.ts': `import adapter from '@sveltejs/adapter-cloudflare';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';

export default defineConfig({ plugins: [sveltekit({ adapter: adapter() })] });
`,
  'src/app.d.ts': `declare global {
	namespace App {
		interface Platform {
			env: Env;
			cf: CfProperties;
			ctx: ExecutionContext;
		}
	}
}

export {};
`,
  '.gitignore': GITIGNORE,
}

export const ASTRO: Template = {
  'package.json': manifest({ '@astrojs/cloudflare': '^14.3.3', astro: '^7.3.5' }),
  'wrangler.jsonc': commented(
    '"main": "@astrojs/cloudflare/entrypoints/server"',
    DATE,
    '"compatibility_flags": ["global_fetch_strictly_public"]',
    assets('./dist'),
  ),
  'tsconfig.json': `{
	"extends": "astro/tsconfigs/strict",
	"include": [".astro/types.d.ts", "**/*"],
	"exclude": ["dist"],
	"compilerOptions": { "types": ["${TYPES}"] }
}
`,
  'astro.config.mjs': `// @ts-check
import { defineConfig } from 'astro/config';

import cloudflare from '@astrojs/cloudflare';

export default defineConfig({ adapter: cloudflare() });
`,
  'public/.assetsignore': '_worker.js\n_routes.json\n',
  '.gitignore': GITIGNORE,
}

export const NUXT: Template = {
  'package.json': manifest(
    { nuxt: '^4.5.2', vue: '^3.5.45', 'vue-router': '^5.0.0' },
    { 'nitro-cloudflare-dev': '^0.2.2', nitropack: '^2.13.0' },
  ),
  'wrangler.jsonc': commented(
    '"main": "./.output/server/index.mjs"',
    DATE,
    assets('./.output/public/'),
  ),
  'tsconfig.json': `{
  // https://nuxt.com/docs/guide/concepts/typescript
  "files": [],
  "references": [{ "path": "./.nuxt/tsconfig.app.json" }, { "path": "./.nuxt/tsconfig.server.json" }]
}
`,
  'nuxt.config.ts': `export default defineNuxtConfig({
  compatibilityDate: '2026-11-17',
  nitro: { preset: 'cloudflare_module', cloudflare: { deployConfig: true, nodeCompat: true } },
  modules: ['nitro-cloudflare-dev'],
})
`,
  'server/env.d.ts': '/// <reference types="../_cloudflare/env.d.ts" />\n',
  '.gitignore': GITIGNORE,
}

/** Its starter has no configuration of wrangler: the build writes one. */
export const NITRO: Template = {
  'package.json': manifest({}, { nitro: '^3.0.0', rolldown: '^1.0.0' }),
  'tsconfig.json': '{ "extends": ["nitro/tsconfig"] }\n',
  'nitro.config.ts': `import { defineConfig } from 'nitro'

export default defineConfig({ serverDir: './server', preset: 'cloudflare_module' })
`,
  'server/routes/index.ts': `import { defineHandler } from 'nitro/h3'

export default defineHandler(() => 'It works')
`,
  '.gitignore': GITIGNORE,
}

export const TANSTACK_START: Template = {
  'package.json': manifest(
    {
      '@tanstack/react-router': '^1.170.0',
      '@tanstack/react-start': '^1.169.0',
      react: '^19.3.0',
      'react-dom': '^19.3.0',
    },
    { '@cloudflare/vite-plugin': '^1.64.0', '@vitejs/plugin-react': '^6.3.0', vite: '^8.4.0' },
  ),
  'wrangler.jsonc': `{
  "$schema": "node_modules/wrangler/config-schema.json",
  "name": "shop",
  "compatibility_date": "2026-11-17",
  "compatibility_flags": ["nodejs_compat"],
  "main": "@tanstack/react-start/server-entry"
}
`,
  'tsconfig.json': `{
  "include": ["**/*.ts", "**/*.tsx"],
  "compilerOptions": { "jsx": "react-jsx", "strict": true, "types": ["vite/client"], "paths": { "#/*": ["./src/*"] } }
}
`,
  'vite.config.ts': `import { cloudflare } from '@cloudflare/vite-plugin'
import { tanstackStart } from '@tanstack/react-start/plugin/vite'
import viteReact from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [cloudflare({ viteEnvironment: { name: 'ssr' } }), tanstackStart(), viteReact()],
})
`,
  'src/router.tsx': `import { createRouter } from '@tanstack/react-router'

import { routeTree } from './routeTree.gen'

export const getRouter = () => createRouter({ routeTree })
`,
  '.gitignore': GITIGNORE,
}

export const NEXT: Template = {
  'package.json': manifest(
    { '@opennextjs/cloudflare': '^1.20.0', next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
    { '@types/node': '^24.0.0' },
  ),
  'wrangler.jsonc': commented(
    '"main": ".open-next/worker.js"',
    DATE,
    '"compatibility_flags": ["nodejs_compat", "global_fetch_strictly_public"]',
    assets('.open-next/assets'),
    `"services": [\n\t\t{\n\t\t\t"binding": "WORKER_SELF_REFERENCE",\n\t\t\t"service": "shop"\n\t\t}\n\t]`,
    '"images": { "binding": "IMAGES" }',
  ),
  'tsconfig.json': tsconfig('./cloudflare-env.d.ts', 'node'),
  'next.config.ts': `import type { NextConfig } from 'next';

const nextConfig: NextConfig = {};

export default nextConfig;

import { initOpenNextCloudflareForDev } from '@opennextjs/cloudflare';
initOpenNextCloudflareForDev();
`,
  'open-next.config.ts': `import { defineCloudflareConfig } from '@opennextjs/cloudflare';

export default defineCloudflareConfig({});
`,
  '.gitignore': GITIGNORE,
}

/** With `cf`, which is the default of create-vinext-app. */
export const VINEXT: Template = {
  'package.json': manifest(
    {
      '@vinext/cloudflare': '^0.2.1',
      react: '19.3.1',
      'react-dom': '19.3.1',
      'react-server-dom-webpack': '^19.3.1',
      vinext: '^1.4.0',
    },
    {
      '@cloudflare/vite-plugin': '^2.0.0-beta.1',
      '@types/node': '^24.0.0',
      '@vitejs/plugin-react': '^6.3.0',
      '@vitejs/plugin-rsc': '^0.5.38',
      cf: '^0.0.5',
      vite: '^8.4.0',
    },
  ),
  'cloudflare.config.ts': `import { bindings, defineConfig, defineWorker } from "cf/config";

export default defineConfig({
  worker: defineWorker({
    name: "shop",
    entrypoint: "vinext/server/fetch-handler",
    compatibilityDate: "2026-11-17",
    compatibilityFlags: ["nodejs_compat"],
    assets: {
      htmlHandling: "none",
      notFoundHandling: "none",
      runWorkerFirst: ["/*", "!/_next/static/*"],
    },
    env: {
      ASSETS: bindings.assets(),
      IMAGES: bindings.images(),
    },
  }),
});
`,
  'tsconfig.json': `{
  "compilerOptions": {
    "target": "ES2017",
    "lib": ["dom", "dom.iterable", "esnext"],
    "strict": true,
    "noEmit": true,
    "module": "esnext",
    "moduleResolution": "bundler",
    "jsx": "preserve",
    "paths": {
      "@/*": ["./*"]
    }
  },
  "include": ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".cloudflare/types"],
  "exclude": ["node_modules"]
}
`,
  'vite.config.ts': `import { defineConfig } from "vite";
import vinext from "vinext";
import { cloudflare } from "@cloudflare/vite-plugin";

export default defineConfig({
  plugins: [
    vinext(),
    cloudflare({
      viteEnvironment: {
        name: "rsc",
        childEnvironments: ["ssr"],
      },
    }),
  ],
});
`,
  'next.config.ts': `import type { NextConfig } from "next";

const nextConfig: NextConfig = {};

export default nextConfig;
`,
  '.gitignore': 'node_modules\n.env*\n.next\n/dist/\n.vinext/\n.cloudflare/\n',
}

const { 'cloudflare.config.ts': _, ...withoutConfig } = VINEXT

/** With its option `--legacy-wrangler-cloudflare-init`. */
export const VINEXT_BY_WRANGLER: Template = {
  ...withoutConfig,
  'wrangler.jsonc': `{
  "$schema": "node_modules/wrangler/config-schema.json",
  "name": "shop",
  "compatibility_date": "2026-11-17",
  "compatibility_flags": [
    "nodejs_compat"
  ],
  "main": "vinext/server/fetch-handler",
  "assets": {
    "directory": "dist/client",
    "html_handling": "none",
    "not_found_handling": "none",
    "binding": "ASSETS",
    "run_worker_first": [
      "/*",
      "!/_next/static/*"
    ]
  },
  "images": {
    "binding": "IMAGES"
  }
}
`,
}

export const HONO: Template = {
  'package.json': manifest({ hono: '^4.13.0' }),
  'wrangler.jsonc': commented('"main": "src/index.ts"', DATE, assets('./public')),
  'tsconfig.json': tsconfig(TYPES),
  'src/index.ts': `import { Hono } from "hono";

const app = new Hono<{ Bindings: CloudflareBindings }>();

app.get("/hello", (c) => c.text("Hello"));

export default app;
`,
  '.gitignore': GITIGNORE,
}

export const REACT_ROUTER: Template = {
  'package.json': manifest(
    { isbot: '^5.1.0', react: '^19.3.0', 'react-dom': '^19.3.0', 'react-router': '8.5.1' },
    { '@cloudflare/vite-plugin': '^1.64.0', '@react-router/dev': '8.5.1', vite: '^8.4.0' },
  ),
  'wrangler.jsonc': commented(
    DATE,
    '"main": "./workers/app.ts"',
    `"vars": {\n\t\t"VALUE_FROM_CLOUDFLARE": "Hello from Cloudflare"\n\t}`,
  ),
  'tsconfig.json': `{
  "files": [],
  "references": [{ "path": "./tsconfig.node.json" }, { "path": "./tsconfig.cloudflare.json" }]
}
`,
  'tsconfig.cloudflare.json': `{
  "extends": "./tsconfig.json",
  "include": ["app/**/*", "workers/**/*", "worker-configuration.d.ts"],
  "compilerOptions": { "composite": true, "types": ["vite/client"], "paths": { "~/*": ["./app/*"] } }
}
`,
  'react-router.config.ts': `import type { Config } from '@react-router/dev/config';

export default { ssr: true } satisfies Config;
`,
  'workers/app.ts': `import { createRequestHandler } from "react-router";

const requestHandler = createRequestHandler(
  () => import("virtual:react-router/server-build"),
  import.meta.env.MODE,
);

export default {
  async fetch(request) {
    return requestHandler(request);
  },
} satisfies ExportedHandler<Env>;
`,
  '.gitignore': GITIGNORE,
}

export const RWSDK: Template = {
  'package.json': manifest(
    {
      react: '19.3.1',
      'react-dom': '19.3.1',
      'react-server-dom-webpack': '19.3.1',
      rwsdk: '1.7.3',
    },
    { '@cloudflare/vite-plugin': '1.64.0', vite: '8.4.0' },
  ),
  'wrangler.jsonc': `{
  // Schema reference
  "$schema": "node_modules/wrangler/config-schema.json",

  // Worker identity
  "name": "shop",
  "main": "src/worker.tsx",

  // Compatibility settings
  "compatibility_date": "2026-11-17",
  "compatibility_flags": ["nodejs_compat"],

  // Asset bindings
  "assets": {
    "binding": "ASSETS",
  },

  // Observability configuration
  "observability": {
    "enabled": true,
  },
}
`,
  'tsconfig.json': tsconfig(TYPES, 'vite/client'),
  'src/worker.tsx': `import { render, route } from "rwsdk/router";
import { defineApp } from "rwsdk/worker";

import { Document } from "@/app/document";
import { Home } from "@/app/pages/home";

export type AppContext = {};

export default defineApp([
  ({ ctx }) => {
    // setup ctx here
    ctx;
  },
  render(Document, [route("/", Home)]),
]);
`,
  '.gitignore': GITIGNORE,
}

export const AGENTS: Template = {
  'package.json': manifest(
    { agents: '^0.2.0', ai: '^6.0.0', react: '^19.3.0' },
    { '@cloudflare/vite-plugin': '^1.64.0', vite: '^8.4.0' },
  ),
  'wrangler.jsonc': `{
  "$schema": "./node_modules/wrangler/config-schema.json",
  "name": "shop",
  "main": "src/server.ts",
  "compatibility_date": "2026-11-17",
  "compatibility_flags": ["nodejs_compat"],
  "assets": { "directory": "public" },
  "durable_objects": {
    "bindings": [
      {
        "name": "Chat",
        "class_name": "Chat"
      }
    ]
  },
  "migrations": [
    {
      "new_sqlite_classes": ["Chat"],
      "tag": "v1"
    }
  ],
  "observability": {
    "enabled": true
  }
}
`,
  'tsconfig.json': tsconfig(TYPES),
  'src/server.ts': `import { Agent, routeAgentRequest } from "agents";

export class Chat extends Agent<Env> {}

export default {
  async fetch(request: Request, env: Env) {
    return (await routeAgentRequest(request, env)) || new Response("Not found", { status: 404 });
  }
} satisfies ExportedHandler<Env>;
`,
  '.gitignore': GITIGNORE,
}

export const WORKER: Template = {
  'package.json': manifest({}, { vitest: '~4.1.0' }),
  'wrangler.jsonc': commented('"main": "src/index.ts"', DATE),
  'tsconfig.json': tsconfig(TYPES),
  'src/index.ts': `/**
 * - Run \`npm run dev\` in your terminal
 */

export default {
	async fetch(request, env, ctx): Promise<Response> {
		return new Response('Hello World!');
	},
} satisfies ExportedHandler<Env>;
`,
  '.gitignore': GITIGNORE,
}
