/** @module What a press says back: nothing, a toast, or an alert. */

/** At most 200 characters reach the person. */
export type Reply = { readonly text: string; readonly isAlert: boolean } | 'silent'
