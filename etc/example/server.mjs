// A web server that ends in good order when it is asked to (SIGTERM).
import { createServer } from 'node:http';

const port = Number(process.env.SERVER_PORT ?? 8086);
let jobs = 0;

const server = createServer((request, response) => {
  if (request.url === '/job') jobs += 1;
  response.end(`${JSON.stringify({ pid: process.pid, uptimeSeconds: Math.floor(process.uptime()), jobs })}\n`);
});

server.listen(port, '127.0.0.1', () => console.log(`server: listening on http://127.0.0.1:${port}`));

process.on('SIGTERM', () => {
  console.log('server: asked to end');
  server.closeAllConnections();
  server.close();
});
