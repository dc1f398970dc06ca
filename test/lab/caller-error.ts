// Errors that are the caller's: what was asked for cannot be, and nothing was done.

/** Something that nobody can mean; the words say what can be meant. */
export class UsageError extends Error {}

/** A lab, a host or a file that is not there; the words say what makes it. */
export class NotFoundError extends Error {}
