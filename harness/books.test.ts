import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseMetrics, readBooks } from './books.ts';
import { totals } from './testing.ts';

describe('a text exposition', () => {
  it('is read sample by sample, without comments, blank lines and timestamps', () => {
    const text = `# HELP http_requests_total Requests.
# TYPE http_requests_total counter
http_requests_total{method="POST",handler="checkout",status_code="201"} 812
http_requests_total{method="GET", handler="sale", status_code="200",} 3 1712345678901

up 1
job:errors:rate5m 2.5e-3
`;
    expect(parseMetrics(text)).toEqual([
      { name: 'http_requests_total', labels: { method: 'POST', handler: 'checkout', status_code: '201' }, value: 812 },
      { name: 'http_requests_total', labels: { method: 'GET', handler: 'sale', status_code: '200' }, value: 3 },
      { name: 'up', labels: {}, value: 1 },
      { name: 'job:errors:rate5m', labels: {}, value: 0.0025 },
    ]);
  });

  it.each([
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
    ['NaN', Number.NaN],
  ])('has the value %s', (text, value) => {
    expect(parseMetrics(`x{le="${text}"} ${text}`)).toEqual([{ name: 'x', labels: { le: text }, value }]);
  });

  it('gives back every label value that was escaped as the format says', () => {
    const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
    const character = fc.constantFrom('a', 'n', '\\', '"', '\n', '}', '{', ',', '=', ' ', 'é');
    fc.assert(
      fc.property(fc.string({ unit: character }), fc.string({ unit: character }), (a, b) => {
        expect(parseMetrics(`x{a="${escaped(a)}",b="${escaped(b)}"} 7`)).toEqual([
          { name: 'x', labels: { a, b }, value: 7 },
        ]);
      }),
    );
  });
});

describe('the books', () => {
  it('are what the drivers, /metrics and the database say', async () => {
    await using app = await serving(200, 'sold 2\n');
    const ledger = { counts: { purchases: 2 }, receipts: ['a', 'b'] };
    expect(await readBooks([app.url], [totals()], ledger)).toEqual({
      load: [totals()],
      metrics: [{ name: 'sold', labels: {}, value: 2 }],
      ledger,
    });
  });

  it('cannot be read from an app that answers an error, or nothing', async () => {
    const app = await serving(503, '');
    const ledger = { counts: {}, receipts: [] };
    await expect(readBooks([app.url], [], ledger)).rejects.toMatchObject({
      code: 'SERVICE_FAILED',
      message: `${app.url}/metrics cannot be read for the books: it answered 503`,
    });
    await app[Symbol.asyncDispose]();
    await expect(readBooks([app.url], [], ledger)).rejects.toThrow(/fetch failed.*ECONNREFUSED/);
  });
});

async function serving(status: number, body: string): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}
