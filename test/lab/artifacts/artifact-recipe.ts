// The shape of a recipe: each build is one call of a compiler and makes the programs of one or more
// artifacts; each artifact is packed as its official release is, so that what installs it cannot
// tell the difference.

export const arch = 'amd64';

export type Packing =
  | { readonly kind: 'binary'; readonly program: string; readonly file: string }
  | {
      readonly kind: 'archive';
      readonly programs: readonly string[];
      readonly file: string;
      /** What stands before each program's name in the archive. */
      readonly folder: string;
    }
  | {
      readonly kind: 'image';
      readonly reference: string;
      /** Where the build's program lies in the image; none when the base has everything. */
      readonly program?: { readonly name: string; readonly path: string };
      readonly base: 'empty' | 'network-tools' | 'nginx';
      readonly entrypoint: readonly string[];
      readonly command: readonly string[];
    };

export interface ArtifactRecipe {
  readonly name: string;
  readonly version: string;
  readonly packing: Packing;
}

export interface GoCommand {
  readonly package: string;
  readonly program: string;
}

export type Compiler =
  | {
      readonly kind: 'go';
      /** Folder under modules/ whose go.mod pins the sources. */
      readonly module: string;
      readonly commands: readonly GoCommand[];
      readonly linkerFlags: string;
      readonly tags: string;
      readonly isCgo: boolean;
    }
  | { readonly kind: 'c'; readonly source: string; readonly program: string }
  | { readonly kind: 'none' };

export interface BuildRecipe {
  readonly title: string;
  readonly compiler: Compiler;
  readonly artifacts: readonly ArtifactRecipe[];
}

export function goBuild(
  module: string,
  build: { commands: readonly GoCommand[]; linkerFlags?: string; tags?: string; isCgo?: boolean },
): Compiler {
  const linkerFlags = ['-s -w', build.linkerFlags ?? ''].join(' ').trim();
  const { commands, tags = '', isCgo = false } = build;
  return { kind: 'go', module, commands, linkerFlags, tags, isCgo };
}

export function command(packagePath: string, program: string): GoCommand {
  return { package: packagePath, program };
}

export function kubernetesLinkerFlags(version: string): string {
  const [major = '', minor = ''] = version.slice(1).split('.');
  const values = {
    'k8s.io/component-base/version.gitVersion': version,
    'k8s.io/component-base/version.gitMajor': major,
    'k8s.io/component-base/version.gitMinor': minor,
    'k8s.io/client-go/pkg/version.gitVersion': version,
  };
  return Object.entries(values)
    .map(([name, value]) => `-X ${name}=${value}`)
    .join(' ');
}

export function binary(name: string, version: string, file = name): ArtifactRecipe {
  return { name, version, packing: { kind: 'binary', program: name, file } };
}

interface ImageOptions {
  readonly reference: string;
  readonly path?: string;
  readonly base?: 'empty' | 'network-tools' | 'nginx';
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
}

/** An image whose version is its tag and whose program is named like it, unless said otherwise. */
export function image(program: string, options: ImageOptions): ArtifactRecipe {
  const { reference, path = `/usr/local/bin/${program}`, base = 'empty' } = options;
  const tag = reference.slice(reference.lastIndexOf(':') + 1);
  const short = reference.slice(reference.lastIndexOf('/') + 1, reference.lastIndexOf(':'));
  return {
    name: `image-${short}`,
    version: tag,
    packing: {
      kind: 'image',
      reference,
      base,
      ...(base === 'nginx' ? {} : { program: { name: program, path } }),
      entrypoint: options.entrypoint ?? [path],
      command: options.command ?? [],
    },
  };
}
