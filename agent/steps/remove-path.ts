// A file, link or directory that must not be there. Refuses what no plan means: a relative path, one
// that climbs, or a directory that a whole system hangs on.
import { AppError } from '../../shared/errors.ts';
import type { StepRunner } from './step-runner.ts';

export const removePath: StepRunner<'remove-path'> = {
  kind: 'remove-path',
  title: ({ path }) => `remove ${path}`,

  check: async ({ path }, { host }) => {
    refuseWide(path);
    if ((await host.stat(path)) === null) return { kind: 'satisfied' };
    return { kind: 'needed', why: `${path} is there` };
  },

  apply: async ({ path }, { host }) => {
    refuseWide(path);
    await host.remove(path);
    return {};
  },
};

const wide =
  /^\/(usr|usr\/(s?bin|lib(64)?|local|share)|var\/(lib|log|cache|run|tmp)|etc\/(systemd|ssl|ssh)|proc|sys|dev)(\/[^/]+)?$/;
const narrowEnough = /^\/var\/(lib|log|cache|run|tmp)\/[^/]+$/;

function refuseWide(path: string): void {
  const parts = path.split('/').slice(1);
  const isPlain =
    path.startsWith('/') && parts.every((part) => part !== '' && part !== '.' && part !== '..');
  const isWide = wide.test(path) && !narrowEnough.test(path);
  if (isPlain && parts.length >= 2 && !isWide) return;
  throw new AppError(
    'invalid',
    `${JSON.stringify(path)} is too wide a path to remove: name one file or folder below it`,
  );
}
