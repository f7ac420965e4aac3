// Work that repeats on the monotonic timeline: base + phase + n x interval, whatever each run takes. All of it
// shares one timer for each interval: the order in which the tasks take turns is the same in every interval, so it is
// sorted once and then followed. (Measured: a timer of its own for each of 30,000 polls costs 20 MB.)

import { type Clock, elapsed, type Instant, later } from "../lib/clock.ts";
import { type Duration, milliseconds } from "../lib/duration.ts";
import { phase } from "../lib/hash.ts";

/**
 * What repeats is one object with these in it, and no function of its own: of 70,000 tasks each object more takes
 * 4 MB, and what the garbage collector walks through. Names are not kept for the same reason.
 */
export interface Task {
  readonly interval: Duration;
  /** The place within the interval, in parts of it: a whole number, which V8 keeps in place. Changed by `swing` alone. */
  part: number;
  running: boolean;
  /** The run that is going began out of turn: the next turn is left to it. */
  outOfTurn: boolean;
  again: boolean;
}

/** Of an interval. */
const parts = 2 ** 30;

/** The place within the interval, so that many spread evenly and each stays where it is over restarts. */
export function partOf(name: string): Task["part"] {
  return Math.floor(phase(name) * parts);
}

export interface Periodic<T extends Task> {
  start(): void;
  stop(): void;
  /** Runs a task out of turn: at once, or as soon as the run that is going has ended; its turns stay where they are. */
  hasten(task: T): void;
  /** From its next turn on every other turn is a little earlier or later, so that no two follow each other at the interval exactly. */
  swing(task: T): void;
  /** Turns that were left out: the run before was still going, or the host was too late for them. */
  overruns(): number;
}

/** How far a task swings. */
const swingBy = parts / 16;

/** Runs begun before the event loop gets its turn: after a pause of the host, everything is due at once. */
const mostAtOnce = 128;

/** `run` never rejects. */
export function periodic<T extends Task>(
  clock: Clock,
  tasks: readonly T[],
  run: (task: T) => Promise<void>,
): Periodic<T> {
  /** Where each of those has every other turn. */
  const swinging = new Map<T, Task["part"]>();
  const rounds = [...Map.groupBy(tasks, ({ interval }) => interval)].map(([interval, of]) => {
    of.sort(byPart);
    return createRound(clock, interval, of, (task) => void begin(task, false), swingAll);
  });
  let started = false;

  /** Between two turns, when all have had theirs: within one the others follow each other as they were sorted. */
  function swingAll(interval: Duration, of: T[]): void {
    let isMoved = false;
    for (const [task, other] of swinging) {
      if (task.interval !== interval) continue;
      swinging.set(task, task.part);
      task.part = other;
      isMoved = true;
    }
    if (isMoved) of.sort(byPart);
  }

  async function begin(task: T, outOfTurn: boolean): Promise<void> {
    task.running = true;
    task.outOfTurn = outOfTurn;
    await run(task);
    task.running = false;
    task.outOfTurn = false;
    const again = task.again && started;
    task.again = false;
    if (again) await begin(task, true);
  }

  return {
    start() {
      started = true;
      const base = clock.now();
      for (const round of rounds) round.start(base);
    },
    stop() {
      started = false;
      for (const round of rounds) round.stop();
    },
    hasten(task) {
      if (!started) return;
      if (task.running) task.again = true;
      else void begin(task, true);
    },
    swing(task) {
      if (swinging.has(task)) return;
      swinging.set(task, task.part < parts / 2 ? task.part + swingBy : task.part - swingBy);
    },
    overruns: () => rounds.reduce((sum, round) => sum + round.overruns(), 0),
  };
}

const byPart = (a: Task, b: Task) => a.part - b.part;

/** The tasks of one interval, in the order of their phases. `endTurn` may change it. */
function createRound<T extends Task>(
  clock: Clock,
  interval: Duration,
  tasks: T[],
  begin: (task: T) => void,
  endTurn: (interval: Duration, tasks: T[]) => void,
) {
  let base: Instant | undefined;
  let turn = 0;
  /** Whose turn it is. */
  let next = 0;
  let overruns = 0;
  let cancel = () => {};

  const dueAt = (from: Instant) => later(from, milliseconds((turn + (tasks[next]?.part ?? 0) / parts) * interval));

  function serve(from: Instant): void {
    const now = clock.now();
    for (let runs = 0; runs < mostAtOnce && dueAt(from) <= now; runs++) {
      const task = tasks[next];
      if (task !== undefined && !task.running) begin(task);
      else if (task?.outOfTurn) task.outOfTurn = false;
      else overruns += 1;
      next += 1;
      if (next === tasks.length) startTurn(from, now);
    }
    arm(from);
  }

  /** Turns that are over for every task are left out: a host that slept does not make up for them. */
  function startTurn(from: Instant, now: Instant): void {
    endTurn(interval, tasks);
    next = 0;
    turn += 1;
    const over = Math.floor(elapsed(dueAt(from), now) / interval);
    if (over <= 0) return;
    turn += over;
    overruns += over * tasks.length;
  }

  function arm(from: Instant): void {
    // Timers count whole milliseconds: rounded up, one serves all that falls due within it.
    const wait = Math.ceil(elapsed(clock.now(), dueAt(from)));
    cancel = clock.after(milliseconds(Math.max(0, wait)), () => serve(from));
  }

  return {
    start(at: Instant) {
      if (base !== undefined || tasks.length === 0) return;
      base = at;
      turn = 0;
      next = 0;
      arm(at);
    },
    stop() {
      cancel();
      base = undefined;
    },
    overruns: () => overruns,
  };
}
