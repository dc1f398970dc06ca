// From the descriptor document to typed grpc-js service definitions. The one place that holds the
// loader options; proto/generate.mjs passes the same as flags.
import { loadPackageDefinition, type ServiceDefinition } from '@grpc/grpc-js';
import { fromJSON, type Options } from '@grpc/proto-loader';
import descriptor from './generated/descriptor.json' with { type: 'json' };
import type { ProtoGrpcType as EnrollmentTypes } from './generated/enrollment.ts';
import type { ProtoGrpcType as FleetTypes } from './generated/fleet.ts';
import type { ProtoGrpcType as OperatorTypes } from './generated/operator.ts';

const loaderOptions: Options = { longs: Number, enums: String, defaults: true, oneofs: true };

type Loaded = EnrollmentTypes & FleetTypes & OperatorTypes;

// The descriptor's JSON is wider than the loader's parameter type says; the shape is the generator's.
const definition = fromJSON(descriptor as Parameters<typeof fromJSON>[0], loaderOptions);
const loaded = loadPackageDefinition(definition) as unknown as Loaded;

export const services = {
  enrollment: loaded.muster.v1.Enrollment.service,
  fleet: loaded.muster.v1.Fleet.service,
  operator: loaded.muster.v1.Operator.service,
} as const satisfies Record<string, ServiceDefinition>;
