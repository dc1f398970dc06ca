// Runbook: from a bare host to one with a runtime, images, the local API proxy and, where it belongs,
// a started etcd member. What is laid down is components/host's business; this is the order.
import type { Stage } from '../../shared/model/plan.ts';
import type { DesiredHost } from '../components/host/host-components.ts';
import { stage } from './step-builder.ts';

export const prepareHost = ({ stepsOf }: DesiredHost): readonly Stage[] => [
  stage(
    'settings, binaries and certificates',
    ...stepsOf('settings'),
    ...stepsOf('install'),
    ...stepsOf('configure'),
    ...stepsOf('certificates'),
  ),
  stage('services', ...stepsOf('services')),
  stage('images and etcd', ...stepsOf('images'), ...stepsOf('gate')),
  stage('API proxy', ...stepsOf('proxy')),
];
