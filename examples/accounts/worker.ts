// The whole of docs/accounts.md as one Worker.
/* oxlint-disable import/no-unassigned-import -- Each file adds its routes. */
import './devices.ts'
import './forms.ts'
import './guards.ts'
import './sign-in.ts'
import './who.ts'
import { router } from './router.ts'

export { SessionObject, UserObject } from './sessions.ts'
export default router
