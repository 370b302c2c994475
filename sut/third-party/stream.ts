/** An activity feed service: feeds of what users did, added to and read newest first. */
import { randomUUID } from 'node:crypto';
import { Bounded, serveSimulator } from './server.ts';

const FEEDS = 50_000;
const ACTIVITIES = 100;

const feeds = new Bounded<object[]>(FEEDS);

serveSimulator(({ method, path, url, body }) => {
  const [feed, group, user] = path;
  if (feed !== 'feed' || group !== 'user' || user === undefined) return undefined;
  const activities = feeds.get(user) ?? [];
  if (method === 'GET') {
    const limit = Number(url.searchParams.get('limit') ?? 25);
    return { status: 200, body: { results: activities.slice(0, limit) } };
  }
  if (method !== 'POST' || typeof body !== 'object' || body === null)
    return { status: 400, body: { error: 'no activity' } };
  const activity = { id: randomUUID(), time: new Date().toISOString(), ...body };
  feeds.set(user, [activity, ...activities].slice(0, ACTIVITIES));
  return { status: 201, body: activity };
});
