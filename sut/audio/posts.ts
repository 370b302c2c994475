/** Posts, what people think of them, and the feed they make. */
import type { MeteredPool } from '../telemetry/postgres.ts';
import type { Cache } from './cache.ts';
import { AppError, notFound } from './errors.ts';
import type { Outside } from './outside.ts';
import { apiStatements } from './statements.ts';

export interface Post {
  readonly post_id: string;
  readonly user_id: string;
  readonly title: string;
  readonly likes: number;
  /** ISO 8601. */
  readonly created_at: string;
}

type PostRow = Omit<Post, 'created_at'> & { readonly created_at: Date };

export class Posts {
  readonly #database: MeteredPool;
  readonly #cache: Cache;
  readonly #outside: Outside;

  constructor(database: MeteredPool, cache: Cache, outside: Outside) {
    this.#database = database;
    this.#cache = cache;
    this.#outside = outside;
  }

  /** Throws NOT_FOUND where the user of a token is gone. */
  async create(userId: string, title: string): Promise<{ post_id: string }> {
    const [row] = await this.#database.query<{ id: string }>(apiStatements.createPost, [userId, title]);
    if (row === undefined) throw notFound('user');
    const followers = await this.#database.query<{ follower: string }>(apiStatements.followers, [userId]);
    await this.#cache.invalidate('feed', [userId, ...followers.map(({ follower }) => follower)], 'post_created');
    // Whoever posts does not wait for others to hear of it.
    void this.#outside.publish({ postId: row.id, userId, title });
    return { post_id: row.id };
  }

  /** Throws NOT_FOUND. */
  async get(postId: string): Promise<Post> {
    const post = await this.#cache.through('post', postId, async () => {
      const [row] = await this.#database.query<PostRow>(apiStatements.post, [postId]);
      return row === undefined ? undefined : postOf(row);
    });
    if (post === undefined) throw notFound('post');
    return post;
  }

  async feed(userId: string): Promise<readonly Post[]> {
    return this.#cache.through('feed', userId, async () =>
      (await this.#database.query<PostRow>(apiStatements.feed, [userId])).map(postOf),
    );
  }

  /** Throws NOT_FOUND, ALREADY_LIKED. */
  async like(userId: string, postId: string): Promise<void> {
    const [row] = await this.#database.query<{ added: boolean }>(apiStatements.like, [userId, postId]);
    if (row === undefined) throw notFound('post');
    if (!row.added) throw new AppError('ALREADY_LIKED', { resource: 'like', message: 'You like this post already.' });
    await Promise.all([
      this.#cache.invalidate('post', [postId], 'liked'),
      this.#cache.invalidate('feed', [userId], 'liked'),
    ]);
    void this.#outside.liked(userId, postId);
  }
}

const postOf = (row: PostRow): Post => ({ ...row, created_at: row.created_at.toISOString() });
