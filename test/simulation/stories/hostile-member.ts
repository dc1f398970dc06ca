// A member with an identity of its own that does its worst at the coordinator's doors: every call as often
// as it may be made, and more often; facts that are others each time; giant texts, unknown fields, made-up
// plans and numbers; every plan that it is given fails, so that there is another one.
import { createHash } from 'node:crypto';
import { createCertificateRequest } from '../../../agent/identity/certificate-request.ts';
import type { Plan } from '../../../shared/model/plan.ts';
import type { CallOptions, RpcClient } from '../../../shared/rpc/client.ts';
import { jsonToWire } from '../../../shared/rpc/codec.ts';
import type { FleetDefinition } from '../../../shared/rpc/generated/muster/v1/Fleet.ts';
import { services } from '../../../shared/rpc/load.ts';
import { aFacts } from '../../support/cluster-builders.ts';
import { aHealthReport } from '../../support/health-reports.ts';
import { Life } from '../core/life.ts';
import type { Fleet } from '../fleet.ts';
import type { SimHost } from '../world/host.ts';

/** A little above what the coordinator admits of each, so that its limits are what ends it. */
const everyMs = {
  PullPlan: 90,
  ReportProgress: 45,
  ReportFacts: 1_900,
  SignCertificate: 1_900,
  Renew: 9_500,
} as const;
type Method = keyof typeof everyMs;

export interface Tried {
  calls: number;
  refused: number;
  plans: number;
}

const giant = 'm'.repeat(50_000);
const longText = 't'.repeat(4_000);

export class HostileMember {
  readonly tried: Tried = { calls: 0, refused: 0, plans: 0 };
  private readonly host: SimHost;
  private readonly life: Life;
  private readonly client: RpcClient<FleetDefinition>;
  private readonly plans: Plan[] = [];
  private readonly csr: Buffer;
  private number = 0;
  private sequence = 0;
  private counter = 1;
  private journal = { id: 'journal-0', offset: 0 };

  /** @param host of an honest agent that has joined; it is the last that this one does */
  constructor(fleet: Fleet, host: SimHost) {
    const { world, network } = fleet;
    this.host = host;
    host.agent?.kill();
    const time = { skewMs: () => 0, bootedMs: host.bootedMs };
    this.life = new Life(`hostile ${host.name}`, world.scheduler, time);
    const certificate = fleet.certificateOf(host.name);
    this.client = network.client<FleetDefinition>(services.fleet, {
      life: this.life,
      host,
      certificate,
    });
    // The same each time: another one would lock the identity, and that would be its end.
    this.csr = createCertificateRequest(fleet.keyOf(host.name), fleet.nodeIdOf(host.name));
  }

  begin(): void {
    for (const method of Object.keys(everyMs) as Method[]) void this.goOn(method);
  }

  private async goOn(method: Method): Promise<void> {
    for (;;) {
      void this.make(method);
      await this.life.after(everyMs[method]);
    }
  }

  private async make(method: Method): Promise<void> {
    this.tried.calls += 1;
    const options: CallOptions = { timeoutMs: 20_000, signal: new AbortController().signal };
    try {
      if (method === 'PullPlan') await this.poll(options);
      else if (method === 'ReportProgress') await this.report(options);
      else if (method === 'ReportFacts') await this.tellFacts(options);
      else if (method === 'Renew') await this.renew(options);
      else await this.client.SignCertificate(this.certificate(), options);
    } catch {
      this.tried.refused += 1;
    }
  }

  /** By the number it has: a wrong one would lock the identity too. */
  private async renew(options: CallOptions): Promise<void> {
    const { csr, counter } = this;
    const reply = await this.client.Renew({ csr, counter }, options);
    this.counter = Number(reply.counter);
  }

  private next(): number {
    this.number += 1;
    return this.number;
  }

  private readonly madeUp = (): string => `made-up-${this.next()}`;

  private async poll(options: CallOptions): Promise<void> {
    const number = this.next();
    this.sequence += 9_999;
    const lane = (name: 'host' | 'cluster') => ({
      lane: name,
      planIds: Array.from({ length: number % 10 === 0 ? 100 : 1 }, this.madeUp),
      waiting: [this.madeUp()],
      epoch: 1,
      sequence: this.sequence,
      doing: `${number} ${longText}`,
    });
    const reply = await this.client.PullPlan(
      {
        instanceId: `start${Math.floor(number / 50)}`,
        poll: number,
        nonce: createHash('sha256').update(String(number)).digest(),
        bootId: `boot-${number}`,
        agentVersion: `9.9.${number}`,
        factsDigest: `digest-${number}`,
        lanes: [lane('host'), lane('cluster')],
        journalId: this.journal.id,
        journalEnd: number,
        holdMs: 0,
        health: this.health(number),
        healthAgeMs: 0,
        hostTimeMs: number,
        trouble: { code: `code-${number}`, sentence: longText.repeat(4) },
      },
      options,
    );
    for (const { payload } of reply.plans) {
      const plan = JSON.parse(payload.toString('utf8')) as Plan;
      if (this.plans.some(({ planId }) => planId === plan.planId)) continue;
      this.plans.push(plan);
      this.tried.plans += 1;
    }
  }

  /** Right and another each time, or too large to be read. */
  private health(number: number): Uint8Array {
    if (number % 7 === 0) return Buffer.alloc(100 * 1024, 0x7b);
    const report = aHealthReport({ bootId: `boot-${number}` });
    return jsonToWire({ ...report, [`new-${number}`]: longText });
  }

  private async report(options: CallOptions): Promise<void> {
    const number = this.next();
    // A new journal now and then, which begins wherever it likes.
    if (number % 40 === 0) this.journal = { id: this.madeUp(), offset: number };
    const { id: journalId, offset } = this.journal;
    const records = this.records(number).map(jsonToWire);
    const reply = await this.client.ReportProgress({ journalId, offset, records }, options);
    if (this.journal.id === journalId) this.journal.offset = Number(reply.nextOffset);
  }

  private records(number: number): readonly object[] {
    const plan = this.plans[number % Math.max(1, this.plans.length)];
    const planId = number % 3 === 0 || plan === undefined ? this.madeUp() : plan.planId;
    const steps = plan?.stages.flatMap((stage) => stage.steps) ?? [];
    const stepId = steps[number % Math.max(1, steps.length)]?.id ?? 'made-up';
    const base = { atMs: 1, planId, [`new-${number}`]: giant };
    const error = {
      code: `code-${number}`,
      message: giant,
      command: giant,
      outputTail: giant,
      retryable: true,
    };
    const outputs = Object.fromEntries(
      Array.from({ length: 40 }, (_, at) => [`output-${number}-${at}`, longText]),
    );
    const outcome = { ...base, event: 'step-outcome', stepId, attempt: number, durationMs: 1 };
    const hasLargeOutputs = number % 5 === 0;
    return [
      { ...base, event: 'step-intent', stepId, attempt: number, unit: giant },
      {
        ...outcome,
        result: 'failed',
        note: `${number} ${longText}`,
        outputs: hasLargeOutputs ? outputs : { [`output-${number}`]: longText },
        error: { ...error, message: `${number} ${longText}`, command: null, outputTail: null },
      },
      ...(number % 8 === 0
        ? [
            {
              ...base,
              event: 'plan-finished',
              lane: 'host',
              state: 'failed',
              changedSteps: 1,
              error,
            },
          ]
        : []),
    ];
  }

  private async tellFacts(options: CallOptions): Promise<void> {
    const number = this.next();
    const { name, address } = this.host;
    const facts = aFacts(name, address, {
      memoryBytes: 4 * 2 ** 30 + number * 2 ** 20,
      cpus: 2 + (number % 60),
      kernel: { release: `6.1.${number}`, config: 'found' },
      collectedAtMs: number,
    });
    const many = Array.from({ length: 300 }, (_, at) => ({
      destination: `10.${number % 200}.${at % 250}.0/24`,
      gateway: address,
      interface: 'eth0',
      source: null,
    }));
    const told = { ...facts, routes: many };
    await this.client.ReportFacts({ facts: jsonToWire(told) }, options);
  }

  private certificate() {
    const planId = this.plans.at(-1)?.planId ?? this.madeUp();
    return { planId, stepId: this.madeUp(), profile: 'etcd-peer', csr: this.csr };
  }
}
