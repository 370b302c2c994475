/** The API: its parts put together, and its routes served. */
import { rm } from 'node:fs/promises';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import { exposition } from '../telemetry/exposition.ts';
import { correlate, named, observeRequests, quiet } from '../telemetry/http.ts';
import type { Logger } from '../telemetry/logger.ts';
import { answerError, answerErrors } from './answers.ts';
import { Gate } from './auth.ts';
import { Cache } from './cache.ts';
import type { ApiConfig } from './config.ts';
import { openDatabase } from './database.ts';
import { AppError, notFound, type Resource } from './errors.ts';
import { Letters } from './letters.ts';
import { Members } from './members.ts';
import { Outside } from './outside.ts';
import { Posts } from './posts.ts';
import { QueueWatch } from './queue-state.ts';
import { closeRedis, connectRedis, createRedis } from './redis.ts';
import { ROUTES, type Route } from './routes.ts';
import { changeSettings, readSettings } from './settings.ts';
import { Submissions } from './submissions.ts';
import type { Telemetry } from './telemetry.ts';
import { Tokens } from './tokens.ts';
import { Intake, uploadPath } from './uploads.ts';
import { anyPassword, bpm, email, isId, line, newPassword, seconds, Validation } from './validation.ts';

export interface AppOptions {
  readonly config: ApiConfig;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
}

export interface App {
  readonly handler: Express;
  /** Connects and starts looking at the queue. The schema must be there. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const DAY_SECONDS = 86_400;
const LOG_NAMES = { handler: 'path', status: 'status', address: 'url' } as const;

/** Puts the API together; opens nothing yet. */
export function createApp({ config, telemetry, logger }: AppOptions): App {
  const database = openDatabase(config, telemetry.database, 'audio-api');
  const redis = createRedis(config.REDIS_URL, config.REDIS_COMMAND_TIMEOUT_MS);
  const outside = new Outside({
    addresses: { stream: config.STREAM_URL, gorse: config.GORSE_URL, elasticsearch: config.ELASTICSEARCH_URL },
    timeoutMs: config.EXTERNAL_TIMEOUT_MS,
    recorder: telemetry.external,
    logger,
  });
  const cache = new Cache({
    redis,
    recorder: telemetry.cache,
    ttlMs: config.CACHE_TTL_MS,
    maxEntries: config.CACHE_MAX_ENTRIES,
  });
  const tokens = new Tokens(config.TOKEN_SECRET, config.TOKEN_TTL_MS);
  const gate = new Gate(tokens, config.ADMIN_TOKEN);
  const validation = new Validation(telemetry.validation);
  const members = new Members(database, cache, tokens);
  const posts = new Posts(database, cache, outside);
  const intake = new Intake({
    folder: config.UPLOAD_DIR,
    maxBytes: config.MAX_UPLOAD_BYTES,
    idleTimeoutMs: config.UPLOAD_IDLE_TIMEOUT_MS,
  });
  const submissions = new Submissions({
    database,
    redis,
    intake,
    validation,
    logger,
    submitted: telemetry.submitted,
  });
  const letters = new Letters(database, (id) => rm(uploadPath(config.UPLOAD_DIR, id), { force: true }));
  const watch = new QueueWatch(database, config.LOOK_INTERVAL_MS);
  telemetry.watchQueue(() => watch.state);
  const defaults = { ffmpeg_timeout_seconds: config.FFMPEG_TIMEOUT_SECONDS };

  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use(observeRequests(telemetry.http, logger, LOG_NAMES), correlate());
  const json: RequestHandler[] = [jsonOnly(), express.json({ limit: '4kb' })];

  serve(ROUTES.register, ...json, async (request, response) => {
    const given = validation.read('user', request.body, { email, password: newPassword });
    const session = await members.register(given.email, given.password);
    remember(response, { user_id: session.user_id });
    response.status(201).json(session);
  });
  serve(ROUTES.login, ...json, async (request, response) => {
    const given = validation.read('session', request.body, { email, password: anyPassword });
    const session = await members.login(given.email, given.password);
    remember(response, { user_id: session.user_id });
    response.json(session);
  });
  serve(ROUTES.createPost, gate.members(), ...json, async (request, response) => {
    const { title } = validation.read('post', request.body, { title: line(1, 200) });
    const post = await posts.create(userOf(response), title);
    remember(response, { post_id: post.post_id });
    response.status(201).json(post);
  });
  serve(ROUTES.getPost, gate.members(), async (request, response) => {
    response.json(await posts.get(idIn(request, response, 'post')));
  });
  serve(ROUTES.uploadAudio, gate.members(), audioOnly(), async (request, response) => {
    const postId = idIn(request, response, 'post');
    const given = validation.read('audio', request.query, { bpm });
    response.locals.receivedBytes = 0;
    // Until it is whole: a client that goes away is counted and logged before anybody could say what is missing.
    response.locals.errorCode = 'UPLOAD_INCOMPLETE';
    const accepted = await submissions.accept({
      request,
      userId: userOf(response),
      postId,
      bpm: given.bpm,
      received(bytes) {
        response.locals.receivedBytes += bytes;
      },
    });
    response.locals.errorCode = undefined;
    remember(response, { job_id: accepted.job_id, audio_file_size: accepted.bytes });
    response.status(202).json({ ...accepted, status: 'pending' });
  });
  serve(ROUTES.likePost, gate.members(), async (request, response) => {
    await posts.like(userOf(response), idIn(request, response, 'post'));
    response.status(201).json({ liked: true });
  });
  serve(ROUTES.followUser, gate.members(), async (request, response) => {
    await members.follow(userOf(response), idIn(request, response, 'user'));
    response.status(201).json({ following: true });
  });
  serve(ROUTES.jobStatus, gate.members(), async (request, response) => {
    response.json(await submissions.status(userOf(response), idIn(request, response, 'job')));
  });
  serve(ROUTES.feed, gate.members(), async (_request, response) => {
    response.json({ posts: await posts.feed(userOf(response)) });
  });
  serve(ROUTES.search, gate.members(), async (request, response) => {
    const { q } = validation.read('search', request.query, { q: line(1, 100) });
    response.json({ posts: await outside.search(q) });
  });
  serve(ROUTES.recommendations, gate.members(), async (_request, response) => {
    response.json({ post_ids: await outside.recommend(userOf(response)) });
  });
  serve(ROUTES.stream, gate.members(), async (_request, response) => {
    response.json({ activities: await outside.activities(userOf(response)) });
  });
  serve(ROUTES.getSettings, gate.admins(), async (_request, response) => {
    response.json(await readSettings(database, defaults));
  });
  serve(ROUTES.changeSettings, gate.admins(), ...json, async (request, response) => {
    const changes = validation.read('settings', request.body, { ffmpeg_timeout_seconds: seconds(1, DAY_SECONDS) });
    await changeSettings(database, changes);
    logger.info({ ...changes }, 'settings changed');
    response.json(await readSettings(database, defaults));
  });
  serve(ROUTES.listLetters, gate.admins(), async (_request, response) => {
    response.json({ dead_letters: await letters.list() });
  });
  serve(ROUTES.requeueLetters, gate.admins(), async (_request, response) => {
    response.json({ requeued: await letters.requeue() });
  });
  serve(ROUTES.discardLetters, gate.admins(), async (_request, response) => {
    response.json({ discarded: await letters.discard() });
  });
  serve(ROUTES.health, quiet(), (_request, response) => {
    const up = (is: boolean) => (is ? 'up' : 'down');
    const [data, queue] = [watch.answered, redis.status === 'ready'];
    response.setHeader('Cache-Control', 'no-store');
    response.status(data ? 200 : 503).json({
      status: !data ? 'unavailable' : queue ? 'ok' : 'degraded',
      services_status: { app: 'up', database: up(data), redis: up(queue) },
      uptime: process.uptime(),
    });
  });
  serve(ROUTES.metrics, quiet(), exposition(telemetry.registry));

  for (const [path, methods] of methodsByPath()) {
    app.all(path, named(path), (request, response) => {
      const allowed = methods.join(', ');
      response.setHeader('Allow', allowed);
      answerError(
        response,
        new AppError('METHOD_NOT_ALLOWED', {
          resource: 'request',
          message: `${path} answers ${allowed}, not ${request.method}.`,
        }),
      );
    });
  }
  app.use((_request, response) => {
    answerError(
      response,
      new AppError('NOT_FOUND', { resource: 'request', message: 'There is nothing at this address.' }),
    );
  });
  app.use(answerErrors(logger));

  function serve(route: Route, ...handlers: RequestHandler[]): void {
    const method = route.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete';
    app[method](route.path, named(route.path), functionName(route.handler), ...handlers);
  }

  return {
    handler: app,
    async start() {
      await intake.prepare();
      await connectRedis(redis, logger);
      await watch.start();
    },
    async stop() {
      await watch.stop();
      closeRedis(redis);
      await database.close();
      telemetry.stop();
    },
  };
}

/** Names the function that serves a route, beside the path it is named by. */
function functionName(name: string): RequestHandler {
  return (_request, response, next) => {
    response.locals.function = name;
    next();
  };
}

/** What the request's log line shall say beside what all lines say. */
function remember(response: Response, facts: Readonly<Record<string, unknown>>): void {
  response.locals.facts = { ...response.locals.facts, ...facts };
}

/** The user of an authenticated request. */
const userOf = (response: Response): string => response.locals.userId as string;

/** The id in the path. Throws NOT_FOUND where it cannot be one. */
function idIn(request: Request, response: Response, resource: Resource & ('post' | 'user' | 'job')): string {
  const id = request.params[`${resource}_id`];
  if (!isId(id)) throw notFound(resource);
  if (resource !== 'user') remember(response, { [`${resource}_id`]: id });
  return id;
}

/** Bodies must say that they are JSON. A request without any body framing is left to validation. */
function jsonOnly(): RequestHandler {
  return (request, _response, next) => {
    if (request.is('application/json') === false) throw unsupported('Send the body as application/json.', 'request');
    next();
  };
}

/** Whether it really is audio, ffmpeg finds out. */
function audioOnly(): RequestHandler {
  return (request, _response, next) => {
    if (request.is(['audio/*', 'application/octet-stream']) === false) {
      throw unsupported('Send the audio as it is, as audio/* or application/octet-stream.', 'audio');
    }
    next();
  };
}

const unsupported = (message: string, resource: Resource) =>
  new AppError('UNSUPPORTED_MEDIA_TYPE', { resource, message });

function methodsByPath(): Map<string, string[]> {
  const methods = new Map<string, string[]>();
  for (const { path, method } of Object.values(ROUTES)) methods.set(path, [...(methods.get(path) ?? []), method]);
  return methods;
}
