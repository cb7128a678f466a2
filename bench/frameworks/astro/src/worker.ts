export { FloorObject } from './by-hand'
export { default } from '@astrojs/cloudflare/entrypoints/server'
