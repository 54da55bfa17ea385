// A loopback server that echoes the last message. GET /clock: requests since the last reset and the ms from the first to the last of them.
import { createServer } from 'node:http';

let [count, first, last] = [0, 0, 0];
const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const text = JSON.stringify(request.url === '/clock' ? { count, ms: last - first } : { error: 'not here' });
    if (request.url === '/clock') count = 0;
    response.writeHead(request.url === '/clock' ? 200 : 404, { 'content-type': 'application/json' });
    response.end(text);
    return;
  }
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(parts).toString('utf8'));
    // A probe asks for one token and is not counted.
    if (body.max_tokens > 1) {
      last = performance.now();
      if (count++ === 0) first = last;
    }
    if (!body.messages || body.stream) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"error":{"message":"not here"}}');
      return;
    }
    const content = body.messages.at(-1).content;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({
        model: body.model,
        choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 20, completion_tokens: 12, total_tokens: 32 },
      }),
    );
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.on('disconnect', () => process.exit(0));
