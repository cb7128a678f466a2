import type { sessions } from '$lib/server/sessions'
import type { SessionOf } from 'edge-session'

declare global {
  namespace App {
    interface Locals {
      session: SessionOf<typeof sessions>
    }
    interface Platform {
      env: Env
      ctx: ExecutionContext
    }
  }
}
