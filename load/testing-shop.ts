/** The real storefront in front of a tiny shop, for the tests of shoppers: it counts what it answers, and can fail. */
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PAGE = new URL('../sut/flash-sale/storefront.html', import.meta.url);

/** What the shop answers to: everything, nothing for want of its database, nothing for a long time, or no sale at all. */
export type Mood = 'open' | 'in trouble' | 'stalled' | 'sold out' | 'closed';

export interface TestShop extends AsyncDisposable {
  readonly url: string;
  mood: Mood;
  /** 'checkout POST 201' → count. */
  readonly answers: ReadonlyMap<string, number>;
  readonly sold: ReadonlySet<string>;
  /** The items that were asked for. */
  readonly chosen: readonly number[];
}

/** `page` changes the storefront, to see what a broken one does to shoppers. */
export async function testShop(page: (html: string) => string = (html) => html): Promise<TestShop> {
  const html = page(await readFile(PAGE, 'utf8'));
  const answers = new Map<string, number>();
  const sold = new Set<string>();
  const chosen: number[] = [];
  const stalled: (() => void)[] = [];
  let codes = 0;
  const shop = { mood: 'open' as Mood };

  const answer = (response: ServerResponse, key: string, status: number, type: string, body: string): void => {
    response.on('finish', () => answers.set(`${key} ${status}`, (answers.get(`${key} ${status}`) ?? 0) + 1));
    response.writeHead(status, { 'content-type': type }).end(body);
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const path = (request.url ?? '/').slice(1);
    const key = `${path === '' ? 'storefront' : path} ${request.method}`;
    const json = (status: number, body: unknown) =>
      answer(response, key, status, 'application/json', JSON.stringify(body));
    if (path === '') return answer(response, key, 200, 'text/html', html);
    if (path === 'sale') return json(200, saleOf(shop.mood));
    if (shop.mood === 'stalled') await new Promise<void>((resolve) => stalled.push(resolve));
    if (shop.mood === 'in trouble')
      return json(503, {
        error_code: 'DATABASE_UNAVAILABLE',
        message: 'Try again in a moment.',
        correlation_id: 'c-1',
      });
    if (path === 'checkout') chosen.push((JSON.parse(text) as { item_id: number }).item_id);
    if (path === 'checkout')
      return json(201, { code: `code-${codes++}`, expires_at: new Date(Date.now() + 600_000).toISOString() });
    sold.add((JSON.parse(text) as { code: string }).code);
    return json(200, { purchased_at: new Date().toISOString() });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(shop, {
    url: `http://127.0.0.1:${port}`,
    answers,
    sold,
    chosen,
    [Symbol.asyncDispose]: async () => {
      for (const go of stalled.splice(0)) go();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}

function saleOf(mood: Mood) {
  const available = mood === 'sold out' ? 0 : 50;
  const ends = new Date(Date.now() + 3_600_000).toISOString();
  const items = [1, 2, 3].map((id) => ({
    ...{ item_id: id, name: `Lamp ${id}`, tagline: 'Bright', price_cents: 1_000 * id },
    ...{ stock: 50, sold: 50 - available, available },
  }));
  const sale = { sale_id: 1, starts_at: ends, ends_at: ends, user_limit: 10, items_total: 150, items_sold: 0, items };
  return { server_time: new Date().toISOString(), sale: mood === 'closed' ? null : sale, next_sale: null };
}
