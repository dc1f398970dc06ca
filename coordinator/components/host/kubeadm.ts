// kubeadm and the images of Kubernetes' own pods: what an upgrade lays down on every host before anybody
// notices anything. The kubelet is not among them: it is never newer than the oldest API server, also not
// after a host was started again in the middle.
import { importImage, installBinary } from '../../runbooks/step-builder.ts';
import { masterImages } from '../bill-of-materials.ts';
import { type HostComponent, isMaster } from './host-target.ts';

const podImages = ['image-kube-proxy', 'image-coredns', 'image-pause'];

export const kubeadm: HostComponent = {
  disruption: 'none',
  isFor: () => true,
  steps: ({ host, materials }) => {
    const images = [...(isMaster(host) ? masterImages : []), ...podImages];
    return {
      install: [installBinary(materials, 'kubeadm')],
      images: images.map((image) => importImage(image, 'k8s.io', materials)),
    };
  },
};
