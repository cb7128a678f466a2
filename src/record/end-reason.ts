/**
 * Why a session is over: its own request destroyed it (a sign-out, too), it was revoked from elsewhere, it passed a
 * timeout, or another user signed in to it.
 */
export type EndReason = 'destroyed' | 'revoked' | 'expired' | 'replaced'
