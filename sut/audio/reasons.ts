/** Why an attempt fails, and why a job dies: closed lists, for they are labels. */

export const STAGES = ['ffmpeg', 'waveform', 's3_upload'] as const;
export type Stage = (typeof STAGES)[number];

/** What each stage can fail with. */
export const FAILURES = {
  ffmpeg: ['ffmpeg_timeout', 'ffmpeg_failed', 'invalid_audio', 'disk_full', 'source_missing'],
  waveform: ['waveform_generation_failed'],
  s3_upload: ['s3_error', 'network_timeout'],
} as const satisfies Record<Stage, readonly string[]>;
export type FailureReason = (typeof FAILURES)[Stage][number];

/** Another attempt would find the same: the job dies of these at once. */
export const FINAL: readonly FailureReason[] = ['invalid_audio', 'source_missing'];

/** Reasons of dead letters. */
export const DEATHS = ['max_retries_exceeded', 'invalid_audio', 'source_missing', 'poison_message'] as const;
export type Death = (typeof DEATHS)[number];

/** An attempt failed, for a reason that is known. */
export class StageFailure extends Error {
  readonly stage: Stage;
  readonly reason: FailureReason;
  /** For the log. */
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(stage: Stage, reason: FailureReason, message: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'StageFailure';
    this.stage = stage;
    this.reason = reason;
    this.facts = facts;
  }
}
