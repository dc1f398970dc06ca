// Image references as people write them, taken apart. Pure.
import { AppError } from '../../shared/errors.ts';

export interface ImageReference {
  /** As written: registry.k8s.io, docker.io … */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | null;
  /** sha256:… */
  readonly digest: string | null;
}

const form =
  /^([a-z0-9.-]+(?::\d+)?)\/([a-z0-9]+(?:[/._-]+[a-z0-9]+)*)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/;

/** Full references only, registry first. @throws AppError invalid */
export function parseImageReference(text: string): ImageReference {
  const match = form.exec(text);
  const [, registry, repository, tag, digest] = match ?? [];
  if (
    registry === undefined ||
    repository === undefined ||
    (tag === undefined && digest === undefined)
  ) {
    throw new AppError(
      'invalid',
      `not a full image reference such as registry.k8s.io/pause:3.10: ${JSON.stringify(text)}`,
    );
  }
  return { registry, repository, tag: tag ?? null, digest: digest ?? null };
}

/** Docker's registry answers under another name than references use. */
export function registryHost(registry: string): string {
  return registry === 'docker.io' ? 'registry-1.docker.io' : registry;
}
