/** A search index: documents by id, found by the words of their fields, those with the most matching words first. */
import { Bounded, serveSimulator } from './server.ts';

const DOCUMENTS = 20_000;

type Document = Readonly<Record<string, unknown>>;

const indices = new Map<string, Bounded<Document>>();

serveSimulator(({ method, path, body }) => {
  const [index = '', what, id] = path;
  if (what === '_doc' && id !== undefined && method === 'PUT') {
    const documents = indices.get(index) ?? new Bounded<Document>(DOCUMENTS);
    indices.set(index, documents);
    const result = documents.has(id) ? 'updated' : 'created';
    documents.set(id, body as Document);
    return { status: result === 'created' ? 201 : 200, body: { _index: index, _id: id, result } };
  }
  if (what === '_search' && method === 'POST') {
    const began = performance.now();
    const { query, size = 10 } = body as { query?: { match?: Record<string, string> }; size?: number };
    const [field, text] = Object.entries(query?.match ?? {})[0] ?? [];
    if (field === undefined || text === undefined)
      return { status: 400, body: { error: 'only match queries are known' } };
    const wanted = wordsOf(text);
    const hits = [...(indices.get(index) ?? [])]
      .map(([_id, _source]) => ({ _id, _source, _score: score(wanted, wordsOf(String(_source[field] ?? ''))) }))
      .filter(({ _score }) => _score > 0)
      .sort((one, other) => other._score - one._score);
    return {
      status: 200,
      body: {
        took: Math.round(performance.now() - began),
        hits: { total: { value: hits.length }, hits: hits.slice(0, size) },
      },
    };
  }
  return undefined;
});

const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);

const score = (wanted: Set<string>, words: Set<string>): number => [...wanted].filter((word) => words.has(word)).length;
