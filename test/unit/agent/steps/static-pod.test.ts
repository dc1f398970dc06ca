import { expect, test } from 'vitest';
import { flagOf, staticPodIn } from '../../../../agent/steps/static-pod.ts';

const manifest = `apiVersion: v1
kind: Pod
spec:
  containers:
  - command:
    - kube-apiserver
    - --advertise-address=10.0.0.11
    - '--api-audiences=https://kubernetes.default.svc,it''s'
    - --audit-log-format=a text that has to be so long that whoever writes it goes on
      in the next line
    - "--feature-gates=A=\\ttrue"
    image: registry.k8s.io/kube-apiserver:v1.37.1
    imagePullPolicy: IfNotPresent
`;

test('reads image and argv as kubeadm writes them', () => {
  expect(staticPodIn(manifest, 'kube-apiserver')).toEqual({
    image: 'registry.k8s.io/kube-apiserver:v1.37.1',
    argv: [
      'kube-apiserver',
      '--advertise-address=10.0.0.11',
      "--api-audiences=https://kubernetes.default.svc,it's",
      '--audit-log-format=a text that has to be so long that whoever writes it goes on in the next line',
      '--feature-gates=A=\ttrue',
    ],
  });
});

test('finds the value of a flag', () => {
  const pod = staticPodIn(manifest, 'kube-apiserver');
  expect(flagOf(pod, 'advertise-address')).toBe('10.0.0.11');
  expect(flagOf(pod, 'secure-port')).toBeUndefined();
});

test('says so of a manifest of another form', () => {
  expect(() => staticPodIn('kind: Pod\n', 'kube-scheduler')).toThrow(/manifest of kube-scheduler/);
});
