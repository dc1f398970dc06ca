import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { AddOperatorReply as _muster_v1_AddOperatorReply, AddOperatorReply__Output as _muster_v1_AddOperatorReply__Output } from './muster/v1/AddOperatorReply.ts';
import type { AddOperatorRequest as _muster_v1_AddOperatorRequest, AddOperatorRequest__Output as _muster_v1_AddOperatorRequest__Output } from './muster/v1/AddOperatorRequest.ts';
import type { ApplyReply as _muster_v1_ApplyReply, ApplyReply__Output as _muster_v1_ApplyReply__Output } from './muster/v1/ApplyReply.ts';
import type { ApplyRequest as _muster_v1_ApplyRequest, ApplyRequest__Output as _muster_v1_ApplyRequest__Output } from './muster/v1/ApplyRequest.ts';
import type { ChangeNodeReply as _muster_v1_ChangeNodeReply, ChangeNodeReply__Output as _muster_v1_ChangeNodeReply__Output } from './muster/v1/ChangeNodeReply.ts';
import type { ChangeNodeRequest as _muster_v1_ChangeNodeRequest, ChangeNodeRequest__Output as _muster_v1_ChangeNodeRequest__Output } from './muster/v1/ChangeNodeRequest.ts';
import type { ChangeRolloutReply as _muster_v1_ChangeRolloutReply, ChangeRolloutReply__Output as _muster_v1_ChangeRolloutReply__Output } from './muster/v1/ChangeRolloutReply.ts';
import type { ChangeRolloutRequest as _muster_v1_ChangeRolloutRequest, ChangeRolloutRequest__Output as _muster_v1_ChangeRolloutRequest__Output } from './muster/v1/ChangeRolloutRequest.ts';
import type { ChangeTokenRequest as _muster_v1_ChangeTokenRequest, ChangeTokenRequest__Output as _muster_v1_ChangeTokenRequest__Output } from './muster/v1/ChangeTokenRequest.ts';
import type { CordonNodeReply as _muster_v1_CordonNodeReply, CordonNodeReply__Output as _muster_v1_CordonNodeReply__Output } from './muster/v1/CordonNodeReply.ts';
import type { CordonNodeRequest as _muster_v1_CordonNodeRequest, CordonNodeRequest__Output as _muster_v1_CordonNodeRequest__Output } from './muster/v1/CordonNodeRequest.ts';
import type { CreateTokenReply as _muster_v1_CreateTokenReply, CreateTokenReply__Output as _muster_v1_CreateTokenReply__Output } from './muster/v1/CreateTokenReply.ts';
import type { CreateTokenRequest as _muster_v1_CreateTokenRequest, CreateTokenRequest__Output as _muster_v1_CreateTokenRequest__Output } from './muster/v1/CreateTokenRequest.ts';
import type { Empty as _muster_v1_Empty, Empty__Output as _muster_v1_Empty__Output } from './muster/v1/Empty.ts';
import type { EtcdTaskReply as _muster_v1_EtcdTaskReply, EtcdTaskReply__Output as _muster_v1_EtcdTaskReply__Output } from './muster/v1/EtcdTaskReply.ts';
import type { EtcdTaskRequest as _muster_v1_EtcdTaskRequest, EtcdTaskRequest__Output as _muster_v1_EtcdTaskRequest__Output } from './muster/v1/EtcdTaskRequest.ts';
import type { ExplainReply as _muster_v1_ExplainReply, ExplainReply__Output as _muster_v1_ExplainReply__Output } from './muster/v1/ExplainReply.ts';
import type { ExplainRequest as _muster_v1_ExplainRequest, ExplainRequest__Output as _muster_v1_ExplainRequest__Output } from './muster/v1/ExplainRequest.ts';
import type { GetReply as _muster_v1_GetReply, GetReply__Output as _muster_v1_GetReply__Output } from './muster/v1/GetReply.ts';
import type { GetRequest as _muster_v1_GetRequest, GetRequest__Output as _muster_v1_GetRequest__Output } from './muster/v1/GetRequest.ts';
import type { JoinMaterialReply as _muster_v1_JoinMaterialReply, JoinMaterialReply__Output as _muster_v1_JoinMaterialReply__Output } from './muster/v1/JoinMaterialReply.ts';
import type { JoinMaterialRequest as _muster_v1_JoinMaterialRequest, JoinMaterialRequest__Output as _muster_v1_JoinMaterialRequest__Output } from './muster/v1/JoinMaterialRequest.ts';
import type { KubeconfigReply as _muster_v1_KubeconfigReply, KubeconfigReply__Output as _muster_v1_KubeconfigReply__Output } from './muster/v1/KubeconfigReply.ts';
import type { KubeconfigRequest as _muster_v1_KubeconfigRequest, KubeconfigRequest__Output as _muster_v1_KubeconfigRequest__Output } from './muster/v1/KubeconfigRequest.ts';
import type { LogsReply as _muster_v1_LogsReply, LogsReply__Output as _muster_v1_LogsReply__Output } from './muster/v1/LogsReply.ts';
import type { LogsRequest as _muster_v1_LogsRequest, LogsRequest__Output as _muster_v1_LogsRequest__Output } from './muster/v1/LogsRequest.ts';
import type { OperatorClient as _muster_v1_OperatorClient, OperatorDefinition as _muster_v1_OperatorDefinition } from './muster/v1/Operator.ts';
import type { RenewCertificatesReply as _muster_v1_RenewCertificatesReply, RenewCertificatesReply__Output as _muster_v1_RenewCertificatesReply__Output } from './muster/v1/RenewCertificatesReply.ts';
import type { RenewCertificatesRequest as _muster_v1_RenewCertificatesRequest, RenewCertificatesRequest__Output as _muster_v1_RenewCertificatesRequest__Output } from './muster/v1/RenewCertificatesRequest.ts';
import type { RenewOperatorReply as _muster_v1_RenewOperatorReply, RenewOperatorReply__Output as _muster_v1_RenewOperatorReply__Output } from './muster/v1/RenewOperatorReply.ts';
import type { RenewOperatorRequest as _muster_v1_RenewOperatorRequest, RenewOperatorRequest__Output as _muster_v1_RenewOperatorRequest__Output } from './muster/v1/RenewOperatorRequest.ts';
import type { RetryRequest as _muster_v1_RetryRequest, RetryRequest__Output as _muster_v1_RetryRequest__Output } from './muster/v1/RetryRequest.ts';
import type { RevokeOperatorRequest as _muster_v1_RevokeOperatorRequest, RevokeOperatorRequest__Output as _muster_v1_RevokeOperatorRequest__Output } from './muster/v1/RevokeOperatorRequest.ts';
import type { SetRecoveryKeyReply as _muster_v1_SetRecoveryKeyReply, SetRecoveryKeyReply__Output as _muster_v1_SetRecoveryKeyReply__Output } from './muster/v1/SetRecoveryKeyReply.ts';
import type { SetRecoveryKeyRequest as _muster_v1_SetRecoveryKeyRequest, SetRecoveryKeyRequest__Output as _muster_v1_SetRecoveryKeyRequest__Output } from './muster/v1/SetRecoveryKeyRequest.ts';
import type { SmokeTestReply as _muster_v1_SmokeTestReply, SmokeTestReply__Output as _muster_v1_SmokeTestReply__Output } from './muster/v1/SmokeTestReply.ts';
import type { SmokeTestRequest as _muster_v1_SmokeTestRequest, SmokeTestRequest__Output as _muster_v1_SmokeTestRequest__Output } from './muster/v1/SmokeTestRequest.ts';
import type { VersionReply as _muster_v1_VersionReply, VersionReply__Output as _muster_v1_VersionReply__Output } from './muster/v1/VersionReply.ts';
import type { VersionRequest as _muster_v1_VersionRequest, VersionRequest__Output as _muster_v1_VersionRequest__Output } from './muster/v1/VersionRequest.ts';
import type { WatchReply as _muster_v1_WatchReply, WatchReply__Output as _muster_v1_WatchReply__Output } from './muster/v1/WatchReply.ts';
import type { WatchRequest as _muster_v1_WatchRequest, WatchRequest__Output as _muster_v1_WatchRequest__Output } from './muster/v1/WatchRequest.ts';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  muster: {
    v1: {
      AddOperatorReply: MessageTypeDefinition<_muster_v1_AddOperatorReply, _muster_v1_AddOperatorReply__Output>
      AddOperatorRequest: MessageTypeDefinition<_muster_v1_AddOperatorRequest, _muster_v1_AddOperatorRequest__Output>
      ApplyReply: MessageTypeDefinition<_muster_v1_ApplyReply, _muster_v1_ApplyReply__Output>
      ApplyRequest: MessageTypeDefinition<_muster_v1_ApplyRequest, _muster_v1_ApplyRequest__Output>
      ChangeNodeReply: MessageTypeDefinition<_muster_v1_ChangeNodeReply, _muster_v1_ChangeNodeReply__Output>
      ChangeNodeRequest: MessageTypeDefinition<_muster_v1_ChangeNodeRequest, _muster_v1_ChangeNodeRequest__Output>
      ChangeRolloutReply: MessageTypeDefinition<_muster_v1_ChangeRolloutReply, _muster_v1_ChangeRolloutReply__Output>
      ChangeRolloutRequest: MessageTypeDefinition<_muster_v1_ChangeRolloutRequest, _muster_v1_ChangeRolloutRequest__Output>
      ChangeTokenRequest: MessageTypeDefinition<_muster_v1_ChangeTokenRequest, _muster_v1_ChangeTokenRequest__Output>
      CordonNodeReply: MessageTypeDefinition<_muster_v1_CordonNodeReply, _muster_v1_CordonNodeReply__Output>
      CordonNodeRequest: MessageTypeDefinition<_muster_v1_CordonNodeRequest, _muster_v1_CordonNodeRequest__Output>
      CreateTokenReply: MessageTypeDefinition<_muster_v1_CreateTokenReply, _muster_v1_CreateTokenReply__Output>
      CreateTokenRequest: MessageTypeDefinition<_muster_v1_CreateTokenRequest, _muster_v1_CreateTokenRequest__Output>
      Empty: MessageTypeDefinition<_muster_v1_Empty, _muster_v1_Empty__Output>
      EtcdTaskReply: MessageTypeDefinition<_muster_v1_EtcdTaskReply, _muster_v1_EtcdTaskReply__Output>
      EtcdTaskRequest: MessageTypeDefinition<_muster_v1_EtcdTaskRequest, _muster_v1_EtcdTaskRequest__Output>
      ExplainReply: MessageTypeDefinition<_muster_v1_ExplainReply, _muster_v1_ExplainReply__Output>
      ExplainRequest: MessageTypeDefinition<_muster_v1_ExplainRequest, _muster_v1_ExplainRequest__Output>
      GetReply: MessageTypeDefinition<_muster_v1_GetReply, _muster_v1_GetReply__Output>
      GetRequest: MessageTypeDefinition<_muster_v1_GetRequest, _muster_v1_GetRequest__Output>
      JoinMaterialReply: MessageTypeDefinition<_muster_v1_JoinMaterialReply, _muster_v1_JoinMaterialReply__Output>
      JoinMaterialRequest: MessageTypeDefinition<_muster_v1_JoinMaterialRequest, _muster_v1_JoinMaterialRequest__Output>
      KubeconfigReply: MessageTypeDefinition<_muster_v1_KubeconfigReply, _muster_v1_KubeconfigReply__Output>
      KubeconfigRequest: MessageTypeDefinition<_muster_v1_KubeconfigRequest, _muster_v1_KubeconfigRequest__Output>
      LogsReply: MessageTypeDefinition<_muster_v1_LogsReply, _muster_v1_LogsReply__Output>
      LogsRequest: MessageTypeDefinition<_muster_v1_LogsRequest, _muster_v1_LogsRequest__Output>
      /**
       * What the command line asks. The local socket, or mutual TLS with an operator's certificate.
       */
      Operator: SubtypeConstructor<typeof grpc.Client, _muster_v1_OperatorClient> & { service: _muster_v1_OperatorDefinition }
      RenewCertificatesReply: MessageTypeDefinition<_muster_v1_RenewCertificatesReply, _muster_v1_RenewCertificatesReply__Output>
      RenewCertificatesRequest: MessageTypeDefinition<_muster_v1_RenewCertificatesRequest, _muster_v1_RenewCertificatesRequest__Output>
      RenewOperatorReply: MessageTypeDefinition<_muster_v1_RenewOperatorReply, _muster_v1_RenewOperatorReply__Output>
      RenewOperatorRequest: MessageTypeDefinition<_muster_v1_RenewOperatorRequest, _muster_v1_RenewOperatorRequest__Output>
      RetryRequest: MessageTypeDefinition<_muster_v1_RetryRequest, _muster_v1_RetryRequest__Output>
      RevokeOperatorRequest: MessageTypeDefinition<_muster_v1_RevokeOperatorRequest, _muster_v1_RevokeOperatorRequest__Output>
      SetRecoveryKeyReply: MessageTypeDefinition<_muster_v1_SetRecoveryKeyReply, _muster_v1_SetRecoveryKeyReply__Output>
      SetRecoveryKeyRequest: MessageTypeDefinition<_muster_v1_SetRecoveryKeyRequest, _muster_v1_SetRecoveryKeyRequest__Output>
      SmokeTestReply: MessageTypeDefinition<_muster_v1_SmokeTestReply, _muster_v1_SmokeTestReply__Output>
      SmokeTestRequest: MessageTypeDefinition<_muster_v1_SmokeTestRequest, _muster_v1_SmokeTestRequest__Output>
      VersionReply: MessageTypeDefinition<_muster_v1_VersionReply, _muster_v1_VersionReply__Output>
      VersionRequest: MessageTypeDefinition<_muster_v1_VersionRequest, _muster_v1_VersionRequest__Output>
      WatchReply: MessageTypeDefinition<_muster_v1_WatchReply, _muster_v1_WatchReply__Output>
      WatchRequest: MessageTypeDefinition<_muster_v1_WatchRequest, _muster_v1_WatchRequest__Output>
    }
  }
}

