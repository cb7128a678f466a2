import { AutoRouter } from 'itty-router'

/** Where the other files put their routes. */
export const router = AutoRouter()
