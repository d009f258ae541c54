import type { SimulatedMetric } from '../assembly/alarm-definition';
import type { FoundRollout } from '../assembly/found-rollout';
import type { Scenario } from '../../lib/core/rehearsal/scenario';
import type { Clock } from './clock';
import type { Random } from './random';
import { SimulatedAlarm } from './simulated-alarm';
import type { SimulatedMetrics } from './simulated-metrics';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** A false alarm stands for so long. */
const FALSE_ALARM_MS = MINUTE_MS;

/** An alarm of the plan: over simulated metrics, or OK for good, unless the scenario says that it goes off. */
export class StandingAlarm {
  private forced?: 'ALARM';
  private why = '';

  constructor(/** It stops the rollout. */ readonly abort: boolean, readonly simulated?: SimulatedAlarm) {}

  get state(): SimulatedAlarm['state'] {
    return this.forced ?? this.simulated?.state ?? 'OK';
  }

  get watched(): readonly SimulatedMetric[] {
    return this.simulated?.watched ?? [];
  }

  get reason(): string {
    return this.forced === undefined ? this.simulated?.reason ?? '' : this.why;
  }

  force(state: 'ALARM' | undefined, reason: string): void {
    this.forced = state;
    this.why = reason;
  }
}

/** Who is told of alarms. */
export interface Told {
  /** One of those that stop the rollout went off. */
  readonly wentOff: (name: string, reason: string) => void;
  readonly changed: (name: string, state: string) => void;
}

/** All alarms of a plan. */
export class StandingAlarms {
  readonly byName: ReadonlyMap<string, StandingAlarm>;

  constructor({ plan, alarms }: FoundRollout, metrics: SimulatedMetrics, startedAt: number, private readonly told: Told) {
    const guardrails = plan.guardrails.flatMap((guardrail) => (guardrail.kind === 'alarm' ? [guardrail] : []));
    this.byName = new Map(
      [...new Set(guardrails.map(({ alarmName }) => alarmName))].map((name) => {
        const definition = alarms.find((alarm) => alarm.name === name);
        return [
          name,
          new StandingAlarm(
            guardrails.some(({ alarmName, action }) => alarmName === name && action === 'rollback'),
            definition && new SimulatedAlarm(definition, metrics, startedAt),
          ),
        ];
      }),
    );
  }

  /** Look at the periods that have become visible. */
  evaluate(now: number): void {
    for (const [name, alarm] of this.byName) {
      const before = alarm.state;
      if (alarm.simulated?.evaluate(now) === true) {
        this.wentOff(name, alarm);
      }
      if (before !== alarm.state) {
        this.told.changed(name, alarm.state);
      }
    }
  }

  /** Those that the scenario has go off without cause, between two times. */
  planFalse({ falseAlarmAtMinute, falseAlarmsPerHour }: Scenario, clock: Clock, from: number, until: number, random: Random): void {
    const candidates = [...this.byName].filter(([, alarm]) => alarm.abort);
    if (falseAlarmAtMinute !== undefined && candidates.length > 0) {
      const [name, alarm] = candidates.at(-1)!;
      clock.plan(from + falseAlarmAtMinute * MINUTE_MS, () => this.flap(name, alarm, clock));
    }
    if (falseAlarmsPerHour > 0 && candidates.length > 0) {
      for (let at = from; at < until;) {
        at += (-Math.log(1 - random.uniform()) / falseAlarmsPerHour) * HOUR_MS;
        const [name, alarm] = candidates[Math.floor(random.uniform() * candidates.length)];
        clock.plan(at, () => this.flap(name, alarm, clock));
      }
    }
  }

  private flap(name: string, alarm: StandingAlarm, clock: Clock): void {
    this.force(name, alarm, 'ALARM', 'a false alarm of the scenario');
    this.wentOff(name, alarm);
    clock.plan(clock.now + FALSE_ALARM_MS, () => this.force(name, alarm, undefined, ''));
  }

  private force(name: string, alarm: StandingAlarm, state: 'ALARM' | undefined, reason: string): void {
    const before = alarm.state;
    alarm.force(state, reason);
    if (before !== alarm.state) {
      this.told.changed(name, alarm.state);
    }
  }

  private wentOff(name: string, alarm: StandingAlarm): void {
    if (alarm.abort) {
      this.told.wentOff(name, alarm.reason);
    }
  }
}
