import awsLambdaFastify from '@fastify/aws-lambda';
import fastify from 'fastify';

const app = fastify();
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
app.post('/invocations', (request, reply) => {
  switch (request.query.kind) {
    case 'bytes':
      return reply.type('image/png').send(request.body);
    case 'refuse':
      return reply.code(422).send({ detail: 'x must be a number' });
    case 'fail':
      return reply.code(500).send({ detail: 'out of memory' });
    default:
      return reply.header('set-cookie', ['seen=1', 'model=v1']).send({
        x: JSON.parse(request.body).x, client: request.awsLambda.event.requestContext.http.sourceIp, agent: request.headers['user-agent'],
        cookies: Object.fromEntries((request.headers.cookie ?? '').split(/; ?/).map((cookie) => cookie.split('='))), query: [request.query.q].flat().join(',').split(','),
      });
  }
});

export const handler = awsLambdaFastify(app, { decorateRequest: true, binaryMimeTypes: ['image/png'] });
