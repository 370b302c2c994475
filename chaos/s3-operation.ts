/** Which operation of S3 a request is, told from its method, its path and its query as the API's reference lists them. */
import type { IncomingMessage } from 'node:http';

export const S3_OPERATIONS = [
  'ListBuckets',
  'CreateBucket',
  'HeadBucket',
  'DeleteBucket',
  'ListObjects',
  'ListObjectsV2',
  'ListMultipartUploads',
  'DeleteObjects',
  'PutObject',
  'CopyObject',
  'GetObject',
  'HeadObject',
  'DeleteObject',
  'CreateMultipartUpload',
  'UploadPart',
  'UploadPartCopy',
  'ListParts',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
] as const;
export type S3Operation = (typeof S3_OPERATIONS)[number];

/** Parameters that change nothing about which operation it is. */
const INDIFFERENT =
  /^(x-id|x-amz-.*|response-.*|versionid|prefix|delimiter|marker|max-.*|encoding-type|continuation-token|start-after|fetch-owner|key-marker|upload-id-marker)$/;

/** undefined for what is none of these (an ACL, tags). Buckets are in the path, as with a server of one's own. */
export function s3OperationOf({ method = '', url = '/', headers }: IncomingMessage): S3Operation | undefined {
  const { bucket, key, query } = s3AddressOf(url);
  const parameters = [...query.keys()].filter((name) => !INDIFFERENT.test(name.toLowerCase())).sort();
  const copies = headers['x-amz-copy-source'] !== undefined;
  const place = key !== '' ? 'key' : bucket !== '' ? 'bucket' : 'server';
  const operation = OPERATIONS[`${method} ${place}${parameters.map((name) => `?${name}`).join('')}`];
  if (copies && operation === 'PutObject') return 'CopyObject';
  return copies && operation === 'UploadPart' ? 'UploadPartCopy' : operation;
}

/** '/audio/a/b.mp3?uploads' → bucket 'audio', key 'a/b.mp3', decoded. */
export function s3AddressOf(url: string): { bucket: string; key: string; query: URLSearchParams } {
  const at = url.indexOf('?');
  const path = at < 0 ? url : url.slice(0, at);
  const [, bucket = '', ...key] = path.split('/').map(decoded);
  return { bucket, key: key.join('/'), query: new URLSearchParams(at < 0 ? '' : url.slice(at)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const OPERATIONS: Readonly<Record<string, S3Operation>> = {
  'GET server': 'ListBuckets',
  'PUT bucket': 'CreateBucket',
  'HEAD bucket': 'HeadBucket',
  'DELETE bucket': 'DeleteBucket',
  'GET bucket': 'ListObjects',
  'GET bucket?list-type': 'ListObjectsV2',
  'GET bucket?uploads': 'ListMultipartUploads',
  'POST bucket?delete': 'DeleteObjects',
  'PUT key': 'PutObject',
  'GET key': 'GetObject',
  'GET key?partNumber': 'GetObject',
  'HEAD key': 'HeadObject',
  'HEAD key?partNumber': 'HeadObject',
  'DELETE key': 'DeleteObject',
  'POST key?uploads': 'CreateMultipartUpload',
  'PUT key?partNumber?uploadId': 'UploadPart',
  'GET key?uploadId': 'ListParts',
  'POST key?uploadId': 'CompleteMultipartUpload',
  'DELETE key?uploadId': 'AbortMultipartUpload',
};
