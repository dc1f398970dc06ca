// Types of calls, taken from the generated service definitions: what a handler gets and gives, and
// what a client does. Nothing is written twice.
import type { MethodDefinition } from '@grpc/proto-loader';

// The generated definitions also have grpc-js's index signature, which is not a method.
export type MethodName<D> = keyof { [K in keyof D as string extends K ? never : K]: D[K] } &
  keyof D &
  string;

/** What a caller fills in: every field optional. */
export type RequestInput<D, M extends keyof D> =
  // biome-ignore lint/suspicious/noExplicitAny: the other three parameters do not matter here
  D[M] extends MethodDefinition<infer R, any, any, any> ? R : never;

/** What a handler receives: every field there. */
export type RequestOutput<D, M extends keyof D> =
  // biome-ignore lint/suspicious/noExplicitAny: as above
  D[M] extends MethodDefinition<any, any, infer R, any> ? R : never;

export type ReplyInput<D, M extends keyof D> =
  // biome-ignore lint/suspicious/noExplicitAny: as above
  D[M] extends MethodDefinition<any, infer R, any, any> ? R : never;

export type ReplyOutput<D, M extends keyof D> =
  // biome-ignore lint/suspicious/noExplicitAny: as above
  D[M] extends MethodDefinition<any, any, any, infer R> ? R : never;
