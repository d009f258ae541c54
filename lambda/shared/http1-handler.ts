/**
 * What Bedrock's client takes for its connections in the bundles: HTTP/1.1, as all other clients. HTTP/2, which it would take itself, would
 * be in the part that every router reads, for bundles divide packages no further.
 */
export { NodeHttpHandler as NodeHttp2Handler, streamCollector } from '@smithy/node-http-handler';
