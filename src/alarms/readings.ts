/** What can go wrong without anybody being told: each is measured here, judged in `find-alarms.ts`. */
export type Readings = Readonly<{
  /** Relay shards that a process holds, and how many there are. */
  shardsHeld: number;
  shards: number;
  /** Whether a process keeps moving the high-water mark. */
  isTracked: boolean;
  mark: string;
  /** The last position that was drawn. */
  drawn: string;
  /** Age of the first committed event above the mark; 0 where there is none. */
  unmarkedSeconds: number;
  /** Whose transaction has held the append lock for longest; undefined where nobody holds it. */
  oldestAppender: Appender | undefined;
  /** How long the log has been past the oldest row that is not published; 0 where every row is. */
  unpublishedSeconds: number;
  /** Of each queue with published jobs that have not ended, although they should have been handled long since. */
  unsettled: readonly UnsettledJobs[];
  projections: readonly ProjectionLag[];
  /** Jobs that ended without success within a day, and that no later generation brought to an end. */
  deadLetters: number;
  heldStreams: readonly HeldStreams[];
  /** That are due and have not fired. */
  dueTimers: DueTimers;
  /** Calls to the outside of which nobody knows whether they took effect, or will as soon as their job comes again. */
  uncertainEffects: number;
  /** Positions that the partitions have room for, above the sequence. */
  positionsAhead: number;
  /** Days to come that the dead letters have partitions for. */
  daysAhead: number;
}>;

export type Appender = Readonly<{
  /** 0 for a prepared transaction, which belongs to no process. */
  pid: number;
  applicationName: string;
  /** Since its transaction began; undefined for a session of a role that this one may not look into. */
  seconds: number | undefined;
}>;

export type UnsettledJobs = Readonly<{
  queue: string;
  /** At least so many. */
  jobs: number;
  /** How long the log has been past the oldest of them. */
  oldestSeconds: number;
}>;

/** Of a queue that holds a stream after a dead job: where the jobs after it wait for a person. */
export type HeldStreams = Readonly<{
  queue: string;
  /** At least so many. */
  streams: number;
  /** How long ago the first of the dead jobs died, and the event that it is about. */
  oldestSeconds: number;
  oldestEventId: string;
}>;

export type DueTimers = Readonly<{
  /** At least so many. */
  timers: number;
  /** For how long the first of them has been due; 0 where there is none. */
  oldestSeconds: number;
}>;

/** Of an active read model: the age of the first event that it has not folded. */
export type ProjectionLag = Readonly<{ name: string; version: number; seconds: number }>;

/** One look at a queue. */
export type QueueLook = Readonly<{
  queue: string;
  /** Undefined where the transport does not answer. */
  depth: Readonly<{ waiting: number; active: number; delayed: number }> | undefined;
  /** How long ago a job of it ended last; undefined where none did within `ENDINGS_WITHIN_SECONDS`. */
  lastEndedSeconds: number | undefined;
}>;

/** A queue with what several looks tell. */
export type QueueReading = QueueLook &
  Readonly<{
    /** For how long jobs have been waiting without any job having ended; 0 where work goes on. */
    stalledSeconds: number;
  }>;

/** How far back the ends of jobs are looked for. */
export const ENDINGS_WITHIN_SECONDS = 300;
