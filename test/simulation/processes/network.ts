// Messages between hosts and the coordinator: the real messages in their real encoding, and nothing of a
// connection but what can happen to it. They are lost, late, doubled and out of order as faults say.
import type { ServiceDefinition } from '@grpc/grpc-js';
import type { MethodName } from '../../../shared/rpc/calls.ts';
import type { CallOptions, RpcClient } from '../../../shared/rpc/client.ts';
import { fromWireError, type WireError } from '../../../shared/rpc/status.ts';
import type { Chance } from '../core/chance.ts';
import type { Life } from '../core/life.ts';
import type { SimHost } from '../world/host.ts';
import type { World } from '../world/world.ts';

const UNAVAILABLE = 14;
const DEADLINE_EXCEEDED = 4;

export interface Caller {
  readonly life: Life;
  readonly host: SimHost;
  /** DER; null for strangers. */
  readonly certificate: Buffer | null;
}

export interface Served {
  readonly life: Life;
  /** Bytes in, bytes out; `gone` is called back when the caller goes away. */
  handle(call: ServedCall): void;
}

export interface ServedCall {
  readonly definition: ServiceDefinition;
  readonly method: string;
  readonly bytes: Buffer;
  readonly caller: Caller;
  readonly onGone: (gone: () => void) => void;
  readonly answer: (error: WireError | null, bytes: Buffer | null) => void;
  readonly onAnswered?: (reply: object) => void;
}

export interface Weather {
  /** Of a message, each way. */
  lost: number;
  doubled: number;
  /** Of the messages that are late. */
  late: number;
  lateMs: readonly [number, number];
}

export const fairWeather: Weather = { lost: 0, doubled: 0, late: 0, lateMs: [0, 0] };

/** What a step in between may do to a message: null loses it. */
export type Meddler = (message: {
  readonly method: string;
  readonly way: 'request' | 'reply';
  readonly bytes: Buffer;
  readonly caller: Caller;
}) => Buffer;

export class Network {
  weather: Weather = fairWeather;
  served: Served | null = null;
  meddle: Meddler = ({ bytes }) => bytes;
  /** How much later than others a request comes. */
  held: (life: Life, method: string) => number = () => 0;
  /** What an agent says, and what reaches it as it was sent: for those who watch. */
  onSent: (method: string, request: object, caller: Caller) => void = () => undefined;
  onHeard: (method: string, caller: Caller) => void = () => undefined;
  private readonly world: World;
  private readonly chance: Chance;

  constructor(world: World) {
    this.world = world;
    this.chance = world.chance.of('network');
  }

  isThrough(host: SimHost): boolean {
    return host.isOn && host.cut === 'none';
  }

  client<D>(definition: D & ServiceDefinition, caller: Caller): RpcClient<D> {
    const names = Object.keys(definition) as MethodName<D>[];
    const calls = names.map((method) => {
      const call = (request: object, options: CallOptions): Promise<unknown> =>
        this.call({ definition, method, request, options, caller });
      return [method, call] as const;
    });
    return Object.fromEntries(calls) as unknown as RpcClient<D>;
  }

  private async call(of: {
    readonly definition: ServiceDefinition;
    readonly method: string;
    readonly request: object;
    readonly options: CallOptions;
    readonly caller: Caller;
  }): Promise<unknown> {
    const { definition, method, options, caller } = of;
    const { life } = caller;
    const row = definition[method];
    if (row === undefined) throw new Error(`there is no call ${method}`);
    if (!life.isAlive) return await new Promise<never>(() => undefined);
    options.signal?.throwIfAborted();
    this.onSent(method, of.request, caller);
    const bytes = this.meddle({
      method,
      way: 'request',
      bytes: row.requestSerialize(of.request),
      caller,
    });
    return await new Promise((resolve, reject) => {
      let isOver = false;
      const goneListeners: (() => void)[] = [];
      const over: (() => void)[] = [];
      const leave = (): void =>
        this.later(null, () => {
          for (const gone of goneListeners) gone();
        });
      over.push(life.whenKilled(leave));
      const end = (settle: () => void): void => {
        if (isOver) return;
        isOver = true;
        timer.cancel();
        for (const take of over) take();
        options.signal?.removeEventListener('abort', onAbort);
        settle();
      };
      const fail = (code: number, details: string): void =>
        end(() => reject(fromWireError({ code, details }, 'coordinator')));
      const onAbort = (): void => {
        if (!life.isAlive) return;
        end(() => reject(options.signal?.reason as Error));
        leave();
      };
      const timer = this.world.scheduler.schedule(options.timeoutMs, life, () =>
        fail(DEADLINE_EXCEEDED, 'Deadline exceeded'),
      );
      options.signal?.addEventListener('abort', onAbort, { once: true });
      const comeBack = (error: WireError | null, answer: Buffer | null): void => {
        this.send(caller, () =>
          this.later(life, () => {
            if (error !== null) fail(error.code, error.details);
            else if (answer !== null) {
              const meddled = this.meddle({ method, way: 'reply', bytes: answer, caller });
              end(() => {
                if (meddled === answer) this.onHeard(method, caller);
                resolve(row.responseDeserialize(meddled));
              });
            }
          }),
        );
      };
      const arrive = (): void => {
        const { served } = this;
        if (served === null || !served.life.isAlive) {
          comeBack({ code: UNAVAILABLE, details: 'connection refused' }, null);
          return;
        }
        const onGone = (gone: () => void): void => void goneListeners.push(gone);
        this.world.scheduler.schedule(0, served.life, () =>
          served.handle({ definition, method, bytes, caller, onGone, answer: comeBack }),
        );
        const take = served.life.whenKilled(() =>
          this.world.scheduler.schedule(this.chance.between(1, 50), life, () =>
            fail(UNAVAILABLE, 'connection reset'),
          ),
        );
        over.push(take);
      };
      this.send(caller, arrive, this.held(life, method));
    });
  }

  /** One way; what is cut off or lost never arrives. */
  private send(caller: Caller, arrive: () => void, heldMs = 0): void {
    const { weather, chance } = this;
    const copies = chance.happens(weather.doubled) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (chance.happens(weather.lost)) continue;
      const lateMs = chance.happens(weather.late) ? chance.between(...weather.lateMs) : 0;
      this.world.scheduler.schedule(chance.between(0.2, 4) + lateMs + heldMs, null, () => {
        if (this.isThrough(caller.host)) arrive();
      });
    }
  }

  private later(life: Life | null, run: () => void): void {
    this.world.scheduler.schedule(0, life, run);
  }
}
