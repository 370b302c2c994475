import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { s3AddressOf, s3OperationOf } from './s3-operation.ts';

test.each([
  ['GET /', 'ListBuckets'],
  ['PUT /b', 'CreateBucket'],
  ['PUT /b/', 'CreateBucket'],
  ['HEAD /b', 'HeadBucket'],
  ['DELETE /b', 'DeleteBucket'],
  ['GET /b?prefix=a%2F&delimiter=%2F', 'ListObjects'],
  ['GET /b?list-type=2&prefix=a&max-keys=3', 'ListObjectsV2'],
  ['GET /b?uploads', 'ListMultipartUploads'],
  ['POST /b?delete=', 'DeleteObjects'],
  ['PUT /b/k?x-id=PutObject', 'PutObject'],
  ['PUT /b/a/folder/k', 'PutObject'],
  ['PUT /b/k (copied)', 'CopyObject'],
  ['GET /b/k?x-id=GetObject&versionId=3', 'GetObject'],
  ['GET /b/k?X-Amz-Signature=abc&X-Amz-Date=now&response-content-type=a', 'GetObject'],
  ['GET /b/k?partNumber=1', 'GetObject'],
  ['HEAD /b/k', 'HeadObject'],
  ['DELETE /b/k', 'DeleteObject'],
  ['POST /b/k?uploads', 'CreateMultipartUpload'],
  ['PUT /b/k?uploadId=u&partNumber=1&x-id=UploadPart', 'UploadPart'],
  ['PUT /b/k?partNumber=1&uploadId=u (copied)', 'UploadPartCopy'],
  ['GET /b/k?uploadId=u&max-parts=5', 'ListParts'],
  ['POST /b/k?uploadId=u', 'CompleteMultipartUpload'],
  ['DELETE /b/k?uploadId=u', 'AbortMultipartUpload'],
  ['GET /b/k?tagging', undefined],
  ['PUT /b/k?acl', undefined],
  ['GET /b?location', undefined],
  ['POST /b/k', undefined],
])('%s is %s', (line, operation) => {
  const [method = '', url = '', copied] = line.split(' ');
  const headers = copied === undefined ? {} : { 'x-amz-copy-source': '/b/k' };
  expect(s3OperationOf({ method, url, headers } as IncomingMessage)).toBe(operation);
});

test('keys are decoded, slashes in them kept, and a key that cannot be decoded is left as it is', () => {
  expect(s3AddressOf('/b/a%20b/%C3%A4?x-id=a')).toMatchObject({ bucket: 'b', key: 'a b/ä' });
  expect(s3AddressOf('/b/100%')).toMatchObject({ bucket: 'b', key: '100%' });
});
