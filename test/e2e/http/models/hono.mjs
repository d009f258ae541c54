import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { getCookie, setCookie } from 'hono/cookie';

const app = new Hono();
app.post('/invocations', async (c) => {
  switch (c.req.query('kind')) {
    case 'bytes':
      return c.body(await c.req.arrayBuffer(), 200, { 'content-type': 'image/png' });
    case 'refuse':
      return c.json({ detail: 'x must be a number' }, 422);
    case 'fail':
      return c.json({ detail: 'out of memory' }, 500);
    default:
      setCookie(c, 'seen', '1');
      setCookie(c, 'model', 'v1');
      return c.json({
        x: (await c.req.json()).x, client: c.env.event.requestContext.http.sourceIp, agent: c.req.header('user-agent'), cookies: getCookie(c), query: c.req.queries('q').join(',').split(','),
      });
  }
});

export const handler = handle(app);
