import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Certificate as _muster_v1_Certificate, Certificate__Output as _muster_v1_Certificate__Output } from './muster/v1/Certificate.ts';
import type { CertificateRequest as _muster_v1_CertificateRequest, CertificateRequest__Output as _muster_v1_CertificateRequest__Output } from './muster/v1/CertificateRequest.ts';
import type { Envelope as _muster_v1_Envelope, Envelope__Output as _muster_v1_Envelope__Output } from './muster/v1/Envelope.ts';
import type { FactsAck as _muster_v1_FactsAck, FactsAck__Output as _muster_v1_FactsAck__Output } from './muster/v1/FactsAck.ts';
import type { FactsReport as _muster_v1_FactsReport, FactsReport__Output as _muster_v1_FactsReport__Output } from './muster/v1/FactsReport.ts';
import type { FleetClient as _muster_v1_FleetClient, FleetDefinition as _muster_v1_FleetDefinition } from './muster/v1/Fleet.ts';
import type { LaneState as _muster_v1_LaneState, LaneState__Output as _muster_v1_LaneState__Output } from './muster/v1/LaneState.ts';
import type { ProgressAck as _muster_v1_ProgressAck, ProgressAck__Output as _muster_v1_ProgressAck__Output } from './muster/v1/ProgressAck.ts';
import type { ProgressReport as _muster_v1_ProgressReport, ProgressReport__Output as _muster_v1_ProgressReport__Output } from './muster/v1/ProgressReport.ts';
import type { PullReply as _muster_v1_PullReply, PullReply__Output as _muster_v1_PullReply__Output } from './muster/v1/PullReply.ts';
import type { PullRequest as _muster_v1_PullRequest, PullRequest__Output as _muster_v1_PullRequest__Output } from './muster/v1/PullRequest.ts';
import type { RenewReply as _muster_v1_RenewReply, RenewReply__Output as _muster_v1_RenewReply__Output } from './muster/v1/RenewReply.ts';
import type { RenewRequest as _muster_v1_RenewRequest, RenewRequest__Output as _muster_v1_RenewRequest__Output } from './muster/v1/RenewRequest.ts';
import type { Signature as _muster_v1_Signature, Signature__Output as _muster_v1_Signature__Output } from './muster/v1/Signature.ts';
import type { Trouble as _muster_v1_Trouble, Trouble__Output as _muster_v1_Trouble__Output } from './muster/v1/Trouble.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  muster: {
    v1: {
      Certificate: MessageTypeDefinition<_muster_v1_Certificate, _muster_v1_Certificate__Output>
      CertificateRequest: MessageTypeDefinition<_muster_v1_CertificateRequest, _muster_v1_CertificateRequest__Output>
      Envelope: MessageTypeDefinition<_muster_v1_Envelope, _muster_v1_Envelope__Output>
      FactsAck: MessageTypeDefinition<_muster_v1_FactsAck, _muster_v1_FactsAck__Output>
      FactsReport: MessageTypeDefinition<_muster_v1_FactsReport, _muster_v1_FactsReport__Output>
      /**
       * What an agent says and asks. Mutual TLS: the node is who its certificate says.
       */
      Fleet: SubtypeConstructor<typeof grpc.Client, _muster_v1_FleetClient> & { service: _muster_v1_FleetDefinition }
      LaneState: MessageTypeDefinition<_muster_v1_LaneState, _muster_v1_LaneState__Output>
      ProgressAck: MessageTypeDefinition<_muster_v1_ProgressAck, _muster_v1_ProgressAck__Output>
      ProgressReport: MessageTypeDefinition<_muster_v1_ProgressReport, _muster_v1_ProgressReport__Output>
      PullReply: MessageTypeDefinition<_muster_v1_PullReply, _muster_v1_PullReply__Output>
      PullRequest: MessageTypeDefinition<_muster_v1_PullRequest, _muster_v1_PullRequest__Output>
      RenewReply: MessageTypeDefinition<_muster_v1_RenewReply, _muster_v1_RenewReply__Output>
      RenewRequest: MessageTypeDefinition<_muster_v1_RenewRequest, _muster_v1_RenewRequest__Output>
      Signature: MessageTypeDefinition<_muster_v1_Signature, _muster_v1_Signature__Output>
      Trouble: MessageTypeDefinition<_muster_v1_Trouble, _muster_v1_Trouble__Output>
    }
  }
}

