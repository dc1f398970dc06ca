// Texts of cluster.yaml as zod checks them: each of the kind that its place takes, since all of them end
// up in the configurations of hosts. Settings that Muster passes on unread may hold any value, in lines
// of their own.
import { z } from 'zod';
import { alphabets, isOf, type TextKind } from '../../shared/alphabets.ts';

/** `what` goes on after "expected". @default what the kind is */
export const text = (kind: TextKind, what: string = alphabets[kind].what) =>
  z.string().refine((value) => isOf(kind, value), what);

export const table = (key: TextKind, value: TextKind) => z.record(text(key), text(value));

/** Fields of a configuration of Kubernetes: values of any shape, as deep as they are. */
export const settings = z.record(text('identifier'), z.unknown()).superRefine((value, context) => {
  for (const path of badTexts(value, [])) {
    context.addIssue({ code: 'custom', path: [...path], message: alphabets.line.what });
  }
});

type Path = readonly (string | number)[];

function badTexts(value: unknown, path: Path): readonly Path[] {
  if (typeof value === 'string') return isOf('line', value) ? [] : [path];
  if (Array.isArray(value)) {
    return value.flatMap((entry, index) => badTexts(entry, [...path, index]));
  }
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, entry]) =>
    isOf('line', name) ? badTexts(entry, [...path, name]) : [[...path, name]],
  );
}
