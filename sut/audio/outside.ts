/**
 * The outside services: the activity stream, the recommender (Gorse) and the search index (Elasticsearch), over HTTP as
 * they offer it. One call is one request with a time limit, and no retries: what to do about a failure is the caller's
 * business, and what was sent is what was counted.
 */
import type { ErrorType, ExternalRecorder, ExternalService } from '../telemetry/external.ts';
import type { Logger } from '../telemetry/logger.ts';
import { AppError, type Resource } from './errors.ts';

export const OUTSIDE = [
  { service: 'stream', operations: ['add_activity', 'get_activities'] },
  { service: 'gorse', operations: ['insert_feedback', 'recommend'] },
  { service: 'elasticsearch', operations: ['index', 'search'] },
] as const satisfies readonly ExternalService[];
type ServiceName = (typeof OUTSIDE)[number]['service'];

export interface OutsideOptions {
  readonly addresses: Readonly<Record<ServiceName, string>>;
  readonly timeoutMs: number;
  readonly recorder: ExternalRecorder;
  readonly logger: Logger;
}

interface Call {
  readonly service: ServiceName;
  readonly operation: string;
  readonly path: string;
  readonly method?: string;
  readonly body?: unknown;
}

class CallFailed extends Error {
  readonly type: ErrorType;
  constructor(type: ErrorType, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.type = type;
  }
}

/** A post as the outside services know it. */
export interface Published {
  readonly postId: string;
  readonly userId: string;
  readonly title: string;
}

export class Outside {
  readonly #options: OutsideOptions;

  constructor(options: OutsideOptions) {
    this.#options = options;
  }

  /** Tells the search index and the activity stream of a new post. A failure is logged: the post is there all the same. */
  async publish({ postId, userId, title }: Published): Promise<void> {
    await Promise.all([
      this.#tell({
        service: 'elasticsearch',
        operation: 'index',
        method: 'PUT',
        path: `/posts/_doc/${postId}`,
        body: { title, user_id: userId },
      }),
      this.#tell({
        service: 'stream',
        operation: 'add_activity',
        method: 'POST',
        path: `/feed/user/${userId}/`,
        body: { actor: userId, verb: 'post', object: postId },
      }),
    ]);
  }

  /** Tells the recommender of a like. A failure is logged. */
  async liked(userId: string, postId: string): Promise<void> {
    await this.#tell({
      service: 'gorse',
      operation: 'insert_feedback',
      method: 'POST',
      path: '/api/feedback',
      body: [{ FeedbackType: 'like', UserId: userId, ItemId: postId, Timestamp: new Date().toISOString() }],
    });
  }

  /** Ids and titles of posts. Throws EXTERNAL_SERVICE_FAILED or EXTERNAL_SERVICE_TIMEOUT, as the two below. */
  async search(text: string): Promise<{ post_id: string; title: string }[]> {
    const answer = await this.#ask('search', {
      service: 'elasticsearch',
      operation: 'search',
      method: 'POST',
      path: '/posts/_search',
      body: { query: { match: { title: text } }, size: 20 },
    });
    const hits = (answer as { hits?: { hits?: { _id: string; _source: { title: string } }[] } }).hits?.hits ?? [];
    return hits.map(({ _id, _source }) => ({ post_id: _id, title: _source.title }));
  }

  /** Ids of posts. */
  async recommend(userId: string): Promise<string[]> {
    const path = `/api/recommend/${userId}?n=20`;
    return (await this.#ask('recommendations', { service: 'gorse', operation: 'recommend', path })) as string[];
  }

  /** What a user did lately, newest first. */
  async activities(userId: string): Promise<unknown[]> {
    const path = `/feed/user/${userId}/?limit=20`;
    const answer = await this.#ask('stream', { service: 'stream', operation: 'get_activities', path });
    return (answer as { results?: unknown[] }).results ?? [];
  }

  async #tell(call: Call): Promise<void> {
    await this.#call(call).catch(() => {
      // Counted and logged; the next one may work.
    });
  }

  async #ask(resource: Resource, call: Call): Promise<unknown> {
    try {
      return await this.#call(call);
    } catch (cause) {
      const timeout = cause instanceof CallFailed && cause.type === 'timeout';
      throw new AppError(timeout ? 'EXTERNAL_SERVICE_TIMEOUT' : 'EXTERNAL_SERVICE_FAILED', {
        resource,
        cause,
        message: `${resource[0]?.toUpperCase()}${resource.slice(1)} cannot be had at the moment. Try again later.`,
      });
    }
  }

  async #call(call: Call): Promise<unknown> {
    const { recorder, logger } = this.#options;
    const { service, operation } = call;
    const began = performance.now();
    let error: ErrorType | undefined;
    try {
      return await this.#send(call);
    } catch (failure) {
      const failed = failure instanceof CallFailed ? failure : new CallFailed('connection', String(failure), failure);
      error = failed.type;
      logger.warn(
        { service_name: service, operation, error_type: error, reason: failed.message },
        'an outside call failed',
      );
      throw failed;
    } finally {
      recorder.call(service, operation, (performance.now() - began) / 1000, error);
    }
  }

  async #send({ service, path, method = 'GET', body }: Call): Promise<unknown> {
    const { addresses, timeoutMs } = this.#options;
    // The limit is on the whole answer: a service that trickles its body is as bad as one that hangs.
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(new URL(path, addresses[service]), {
        method,
        signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      if (!response.ok) {
        const type = response.status >= 500 ? 'server_error' : 'client_error';
        throw new CallFailed(type, `${service} answered ${response.status}`);
      }
      return parse(service, text);
    } catch (error) {
      if (error instanceof CallFailed) throw error;
      if (signal.aborted) throw new CallFailed('timeout', `${service} took more than ${timeoutMs} ms`, error);
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new CallFailed('connection', cause instanceof Error ? cause.message : String(cause), error);
    }
  }
}

function parse(service: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CallFailed('invalid_answer', `${service} answered something that is not JSON`, error);
  }
}
