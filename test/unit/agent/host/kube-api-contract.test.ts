import { describe, onTestFinished } from 'vitest';
import { readKubeconfig } from '../../../../agent/host/kubeconfig.ts';
import { connectKubeApi } from '../../../../agent/host/node-kube-api.ts';
import { kubeApiContract } from '../../../contracts/kube-api.contract.ts';
import { FakeHost } from '../../../fakes/host.ts';
import { FakeKube } from '../../../fakes/kube-api.ts';
import { KubeApiServer } from '../../../fakes/kube-api-server.ts';

describe('over TLS', () => {
  kubeApiContract(async () => {
    const server = await KubeApiServer.start();
    let isUp = true;
    const goAway = async (): Promise<void> => {
      if (isUp) await server[Symbol.asyncDispose]();
      isUp = false;
    };
    onTestFinished(goAway);
    const host = new FakeHost().put('/admin.conf', server.adminConfig);
    const credentials = await readKubeconfig(host, '/admin.conf');
    return { open: connectKubeApi, credentials, server, goAway };
  });
});

describe('in memory', () => {
  kubeApiContract(async () => {
    const kube = new FakeKube();
    const url = 'https://10.0.0.1:6443';
    const server = kube.at(url);
    const goAway = async (): Promise<void> => void kube.servers.delete(url);
    return { open: kube.open, credentials: { server: url, ca: '' }, server, goAway };
  });
});
