import { expect, test } from 'vitest';
import {
  type ArtifactName,
  officialSource,
  releaseFor,
} from '../../../../coordinator/artifacts/catalogue.ts';
import { sumFrom } from '../../../../coordinator/artifacts/checksum-file.ts';
import { parseImageReference } from '../../../../coordinator/artifacts/oci-reference.ts';
import { parseReleaseBases } from '../../../../coordinator/artifacts/release-bases.ts';

const sum = 'a'.repeat(64);
const other = 'b'.repeat(64);

test.each([
  ['the sum alone', sum],
  ['the sum and a newline', `${sum}\n`],
  ['upper case', sum.toUpperCase()],
  ['a line with the name', `${sum}  etcd.tgz\n`],
  ['binary mode', `${sum} *etcd.tgz\n`],
  ['a path before the name', `${sum}  release/etcd.tgz\n`],
  ['among others', `${other}  etcd.zip\n${sum}  etcd.tgz\n`],
])('finds the sum in %s', (_what, text) => {
  expect(sumFrom(text, 'etcd.tgz', 'https://x/SHA256SUMS')).toBe(sum);
});

test.each([
  ['nothing', ''],
  ['a page', '<html>not found</html>'],
  ['only others', `${other}  etcd.zip\n`],
  ['two sums without names', `${sum}\n${other}\n`],
  ['a shorter sum', `${'a'.repeat(40)}  etcd.tgz\n`],
])('refuses %s, with the address', (_what, text) => {
  expect(() => sumFrom(text, 'etcd.tgz', 'https://x/SHA256SUMS')).toThrow(
    'https://x/SHA256SUMS has no SHA-256 for etcd.tgz',
  );
});

test('image references are taken apart, and short ones refused', () => {
  const digest = `sha256:${sum}`;
  expect(parseImageReference(`localhost:5000/a/b:v1@${digest}`)).toEqual({
    registry: 'localhost:5000',
    repository: 'a/b',
    tag: 'v1',
    digest,
  });
  for (const text of ['nginx', 'nginx:1', 'registry.k8s.io/pause', 'registry.k8s.io/Pause:1']) {
    expect(() => parseImageReference(text)).toThrow('not a full image reference');
  }
});

test('a base replaces one host and leaves the others', () => {
  const bases = parseReleaseBases(['dl.k8s.io=https://mirror.example/k8s/']);
  expect(bases.apply('https://dl.k8s.io/release/v1/kubeadm')).toBe(
    'https://mirror.example/k8s/release/v1/kubeadm',
  );
  expect(bases.apply('https://github.com/x')).toBe('https://github.com/x');
  expect(() => parseReleaseBases(['dl.k8s.io'])).toThrow('expected HOST=URL');
});

test('addresses of releases are those that their projects publish', () => {
  const urlOf = (name: ArtifactName): string => {
    const source = officialSource(name, releaseFor('v1.37.1')[name], 'arm64');
    return source.kind === 'image' ? source.reference : `${source.url} ${source.checksumUrl}`;
  };
  const github = 'https://github.com';
  expect(urlOf('kubelet')).toBe(
    'https://dl.k8s.io/release/v1.37.1/bin/linux/arm64/kubelet https://dl.k8s.io/release/v1.37.1/bin/linux/arm64/kubelet.sha256',
  );
  expect(urlOf('etcd')).toBe(
    `${github}/etcd-io/etcd/releases/download/v3.6.16/etcd-v3.6.16-linux-arm64.tar.gz ${github}/etcd-io/etcd/releases/download/v3.6.16/SHA256SUMS`,
  );
  expect(urlOf('containerd')).toBe(
    `${github}/containerd/containerd/releases/download/v2.4.2/containerd-2.4.2-linux-arm64.tar.gz ${github}/containerd/containerd/releases/download/v2.4.2/containerd-2.4.2-linux-arm64.tar.gz.sha256sum`,
  );
  expect(urlOf('runc')).toBe(
    `${github}/opencontainers/runc/releases/download/v1.5.2/runc.arm64 ${github}/opencontainers/runc/releases/download/v1.5.2/runc.sha256sum`,
  );
  expect(urlOf('cni-plugins')).toMatch(
    /\/v1\.9\.1\/cni-plugins-linux-arm64-v1\.9\.1\.tgz https.+\.tgz\.sha256$/,
  );
  expect(urlOf('image-kube-proxy')).toBe('registry.k8s.io/kube-proxy:v1.37.1');
  expect(urlOf('image-nginx')).toMatch(/^docker\.io\/library\/nginx:/);
});
