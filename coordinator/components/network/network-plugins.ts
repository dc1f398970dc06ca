// The network plugins there are: the spec's word for one, and its row.
import type { ClusterSpec } from '../../spec/cluster-spec.ts';
import { flannel } from './flannel.ts';
import type { NetworkPlugin } from './network-plugin.ts';

const plugins: Readonly<Record<ClusterSpec['network']['plugin'], NetworkPlugin>> = { flannel };

export const networkPluginOf = (spec: ClusterSpec): NetworkPlugin => plugins[spec.network.plugin];
