import express from 'express';

export const app = express();
app.post('/invocations', express.raw({ type: () => true, limit: '6mb' }), (request, response) => {
  switch (request.query.kind) {
    case 'bytes':
      response.type('image/png').send(request.body);
      break;
    case 'refuse':
      response.status(422).json({ detail: 'x must be a number' });
      break;
    case 'fail':
      response.status(500).json({ detail: 'out of memory' });
      break;
    default:
      response.cookie('seen', '1');
      response.cookie('model', 'v1');
      response.json({
        x: JSON.parse(request.body).x, client: request.ip, agent: request.get('user-agent'),
        cookies: Object.fromEntries((request.get('cookie') ?? '').split('; ').map((cookie) => cookie.split('='))), query: [request.query.q].flat().join(',').split(','),
      });
  }
});
