/** The API's routes as data: what serves them, and what each may answer. Metrics and answers are made from one table. */
import type { ErrorCode } from './errors.ts';

export interface Route {
  /** The function that serves it: the `handler` label. */
  readonly handler: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The template, never what was asked for: the `path` label. */
  readonly path: string;
  /** The status of success. */
  readonly success: number;
  readonly errors: readonly ErrorCode[];
}

const AUTHENTICATED = ['CREDENTIALS_MISSING', 'CREDENTIALS_INVALID'] as const;
const BODY = ['VALIDATION', 'MALFORMED_REQUEST', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const;
const OUTSIDE = ['EXTERNAL_SERVICE_FAILED', 'EXTERNAL_SERVICE_TIMEOUT'] as const;
const ADMIN = [...AUTHENTICATED, 'FORBIDDEN'] as const;

export const ROUTES = {
  register: {
    handler: 'register',
    method: 'POST',
    path: '/register',
    success: 201,
    errors: [...BODY, 'EMAIL_TAKEN'],
  },
  login: { handler: 'login', method: 'POST', path: '/login', success: 200, errors: [...BODY, 'CREDENTIALS_INVALID'] },
  createPost: {
    handler: 'create_post',
    method: 'POST',
    path: '/posts',
    success: 201,
    errors: [...AUTHENTICATED, ...BODY, 'NOT_FOUND'],
  },
  getPost: {
    handler: 'get_post',
    method: 'GET',
    path: '/posts/:post_id',
    success: 200,
    errors: [...AUTHENTICATED, 'NOT_FOUND'],
  },
  uploadAudio: {
    handler: 'upload_audio',
    method: 'POST',
    path: '/posts/:post_id/audio',
    success: 202,
    errors: [
      ...AUTHENTICATED,
      ...BODY,
      'FORBIDDEN',
      'NOT_FOUND',
      'AUDIO_EXISTS',
      'UPLOAD_INCOMPLETE',
      'UPLOAD_STALLED',
      'DISK_FULL',
    ],
  },
  likePost: {
    handler: 'like_post',
    method: 'POST',
    path: '/posts/:post_id/like',
    success: 201,
    errors: [...AUTHENTICATED, 'NOT_FOUND', 'ALREADY_LIKED'],
  },
  followUser: {
    handler: 'follow_user',
    method: 'POST',
    path: '/users/:user_id/follow',
    success: 201,
    errors: [...AUTHENTICATED, 'NOT_FOUND', 'ALREADY_FOLLOWING'],
  },
  jobStatus: {
    handler: 'job_status',
    method: 'GET',
    path: '/jobs/:job_id',
    success: 200,
    errors: [...AUTHENTICATED, 'FORBIDDEN', 'NOT_FOUND'],
  },
  feed: { handler: 'feed', method: 'GET', path: '/feed', success: 200, errors: AUTHENTICATED },
  search: {
    handler: 'search',
    method: 'GET',
    path: '/search',
    success: 200,
    errors: [...AUTHENTICATED, 'VALIDATION', ...OUTSIDE],
  },
  recommendations: {
    handler: 'recommendations',
    method: 'GET',
    path: '/recommendations',
    success: 200,
    errors: [...AUTHENTICATED, ...OUTSIDE],
  },
  stream: { handler: 'stream', method: 'GET', path: '/stream', success: 200, errors: [...AUTHENTICATED, ...OUTSIDE] },
  getSettings: { handler: 'get_settings', method: 'GET', path: '/admin/settings', success: 200, errors: ADMIN },
  changeSettings: {
    handler: 'change_settings',
    method: 'PUT',
    path: '/admin/settings',
    success: 200,
    errors: [...ADMIN, ...BODY],
  },
  listLetters: {
    handler: 'list_dead_letters',
    method: 'GET',
    path: '/admin/dead-letters',
    success: 200,
    errors: ADMIN,
  },
  requeueLetters: {
    handler: 'requeue_dead_letters',
    method: 'POST',
    path: '/admin/dead-letters/requeue',
    success: 200,
    errors: ADMIN,
  },
  discardLetters: {
    handler: 'discard_dead_letters',
    method: 'DELETE',
    path: '/admin/dead-letters',
    success: 200,
    errors: ADMIN,
  },
  health: { handler: 'health', method: 'GET', path: '/health', success: 200, errors: [] },
  metrics: { handler: 'metrics', method: 'GET', path: '/metrics', success: 200, errors: [] },
} as const satisfies Record<string, Route>;
