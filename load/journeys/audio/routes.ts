/** The API's routes by the names it counts them under: the label `path` of http_requests_total. */
export const REGISTER = '/register';
export const LOGIN = '/login';
export const POSTS = '/posts';
export const POST = '/posts/:post_id';
export const AUDIO = '/posts/:post_id/audio';
export const LIKE = '/posts/:post_id/like';
export const FOLLOW = '/users/:user_id/follow';
export const JOB = '/jobs/:job_id';
export const FEED = '/feed';
export const SEARCH = '/search';
export const RECOMMENDATIONS = '/recommendations';
export const STREAM = '/stream';
