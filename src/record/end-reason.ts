/**
 * Why a session is over: its own request destroyed it (or signed out), it was revoked from elsewhere, it passed a
 * timeout, or another user signed in to it.
 */
export type EndReason = 'destroyed' | 'revoked' | 'expired' | 'replaced'
