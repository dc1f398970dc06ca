// Writes shared/rpc/generated from the .proto files: types for the compiler, and one descriptor
// document for run time, because the single-file agent cannot read .proto files.
// The flags here and `loaderOptions` in shared/rpc/load.ts must stay equal.
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const out = join(root, 'shared/rpc/generated');
const files = ['enrollment', 'fleet', 'operator'].map((name) =>
  join(root, 'proto', `${name}.proto`),
);
const flags = ['--longs=Number', '--enums=String', '--defaults', '--oneofs', '--includeComments'];
const layout = ['--grpcLib=@grpc/grpc-js', '--importFileExtension=.ts', `--outDir=${out}`];

rmSync(out, { recursive: true, force: true });
execFileSync(join(root, 'node_modules/.bin/proto-loader-gen-types'), [
  ...flags,
  ...layout,
  ...files,
]);

// The tool writes the absolute path of the source into every file: that differs per checkout.
for (const file of globSync(join(out, '**/*.ts'))) {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(`${root}/`, ''));
}

const protobuf = createRequire(
  createRequire(join(root, 'package.json')).resolve('@grpc/proto-loader'),
)('protobufjs');
const tree = protobuf.loadSync(files).toJSON();
writeFileSync(join(out, 'descriptor.json'), `${JSON.stringify(tree, null, 1)}\n`);
